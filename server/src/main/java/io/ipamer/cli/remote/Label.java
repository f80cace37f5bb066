package io.ipamer.cli.remote;

import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.TypeConversionException;

/** A label as it is typed. What keys and values may be, the server knows. */
record Label(String key, String value) {
    /** Later ones do not quietly take the place of earlier ones. */
    static Map<String, String> map(CommandSpec spec, @Nullable List<Label> labels) {
        Map<String, String> map = new HashMap<>();
        if (labels != null) {
            for (Label label : labels) {
                String other = map.putIfAbsent(label.key, label.value);
                if (other != null) {
                    throw new ParameterException(
                            spec.commandLine(),
                            "--label " + label.key + " is given twice, with \"" + other + "\" and with \"" + label.value
                                    + '"');
                }
            }
        }
        return map;
    }

    /** Reads one. */
    static final class Converter implements ITypeConverter<Label> {
        @Override
        public Label convert(String text) {
            int equals = text.indexOf('=');
            if (equals < 1) {
                throw new TypeConversionException("it must be KEY=VALUE, such as env=prod, not \"" + text + '"');
            }
            return new Label(text.substring(0, equals), text.substring(equals + 1));
        }
    }
}
