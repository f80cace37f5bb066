package io.ipamer.cli.remote;

import java.nio.file.Path;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.TypeConversionException;

/** Refuses a value that is empty, as an unset variable of a script is: where nothing is meant, nothing is to be said. */
final class NotEmpty implements ITypeConverter<String> {
    @Override
    public String convert(String text) {
        if (text.isEmpty()) {
            throw new TypeConversionException("it must not be empty");
        }
        return text;
    }

    /** The same of files. */
    static final class File implements ITypeConverter<Path> {
        @Override
        public Path convert(String text) {
            return Path.of(new NotEmpty().convert(text));
        }
    }
}
