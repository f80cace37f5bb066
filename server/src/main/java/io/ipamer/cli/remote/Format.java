package io.ipamer.cli.remote;

import io.ipamer.client.ExportFormat;
import java.util.ArrayList;
import java.util.List;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.TypeConversionException;

/** Reads the name of a form of text. */
final class Format implements ITypeConverter<ExportFormat> {
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
