package io.ipamer.cli.remote;

import io.ipamer.address.AddressFormatException;
import io.ipamer.address.Cidr;
import io.ipamer.address.IpAddress;
import io.ipamer.client.ExportFormat;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.TypeConversionException;

/** Reads what is typed, and says of what cannot be read what would be right. */
public final class Converters {
    private Converters() {}

    /** Reads a CIDR, and says of one that is none what would be right. */
    static final class CidrText implements ITypeConverter<Cidr> {
        @Override
        public Cidr convert(String text) {
            Cidr masked;
            try {
                masked = Cidr.parse(text);
            } catch (AddressFormatException malformed) {
                throw new TypeConversionException(
                        isAddress(text)
                                ? "\"" + text + "\" is an address: a prefix has a length too, such as 10.0.0.0/24"
                                : "it must be a prefix such as 10.0.0.0/24 or 2001:db8::/64, not \"" + text + '"');
            }
            try {
                return Cidr.parseStrict(text);
            } catch (AddressFormatException hostBits) {
                throw new TypeConversionException(
                        "\"" + text + "\" has bits set behind its length: the prefix is " + masked);
            }
        }

        private static boolean isAddress(String text) {
            try {
                IpAddress.parse(text);
                return true;
            } catch (AddressFormatException neither) {
                return false;
            }
        }
    }

    /** Reads an address, and says of one that is none what would be right. */
    static final class AddressText implements ITypeConverter<IpAddress> {
        @Override
        public IpAddress convert(String text) {
            try {
                return IpAddress.parse(text);
            } catch (AddressFormatException malformed) {
                throw new TypeConversionException(
                        isPrefix(text)
                                ? "\"" + text + "\" is a prefix: an address has no length, such as 10.0.0.1"
                                : "it must be an address such as 10.0.0.1 or 2001:db8::1, not \"" + text + '"');
            }
        }

        private static boolean isPrefix(String text) {
            try {
                Cidr.parse(text);
                return true;
            } catch (AddressFormatException neither) {
                return false;
            }
        }
    }

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
                                "--label " + label.key + " is given twice, with \"" + other + "\" and with \""
                                        + label.value + '"');
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

    /** A number with ms, s or m behind it. */
    public static final class Time implements ITypeConverter<Duration> {
        private static final Pattern FORM = Pattern.compile("([0-9]{1,9})(ms|s|m)");

        @Override
        public Duration convert(String text) {
            Matcher parts = FORM.matcher(text);
            if (!parts.matches()) {
                throw new TypeConversionException(
                        "it must be a number with ms, s or m, such as 500ms, not \"" + text + '"');
            }
            long number = Long.parseLong(parts.group(1));
            return switch (parts.group(2)) {
                case "ms" -> Duration.ofMillis(number);
                case "s" -> Duration.ofSeconds(number);
                default -> Duration.ofMinutes(number);
            };
        }
    }

    /** Reads the name of a form of text. */
    static final class Format implements ITypeConverter<ExportFormat> {
        private static final String IPAMER = "ipamer";
        private static final String GO_IPAM = "go-ipam";

        @Override
        public ExportFormat convert(String text) {
            return switch (text) {
                case IPAMER -> ExportFormat.IPAMER;
                case GO_IPAM -> ExportFormat.GO_IPAM;
                default -> throw new TypeConversionException("there are ipamer and go-ipam, not \"" + text + '"');
            };
        }

        /** For completion. */
        static final class Names extends ArrayList<String> {
            private static final long serialVersionUID = 1L;

            Names() {
                super(List.of(IPAMER, GO_IPAM));
            }
        }
    }

    /** Refuses a value that is empty, as an unset variable of a script is: where nothing is meant, nothing is to be said. */
    static final class NotEmpty implements ITypeConverter<String> {
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
}
