package io.ipamer.api.goipam;

import io.grpc.Status;
import io.grpc.StatusException;
import io.ipamer.model.IpamerException;
import io.ipamer.model.Reason;

/** The codes of go-ipam's contract, where no operation has its own. */
final class Statuses {
    /** How much of a sentence is sent, as it is encoded: a client drops its connection over 8 KiB of headers. */
    private static final int MAX_ENCODED_BYTES = 4_096;

    private Statuses() {}

    static StatusException of(IpamerException refusal) {
        return of(refusal, refusal.getMessage());
    }

    static StatusException of(IpamerException refusal, String text) {
        return status(code(refusal.reason()), text);
    }

    static StatusException status(Status.Code code, String text) {
        return code.toStatus().withDescription(bounded(text)).asException();
    }

    /** Sentences quote what came, as a whole and more than once; past the bound they end in "...". */
    private static String bounded(String text) {
        int encoded = 0;
        int c;
        for (int i = 0; i < text.length(); i += Character.charCount(c)) {
            c = text.codePointAt(i);
            // As grpc-message is: three bytes for each byte of UTF-8 that is not printable ASCII, or is a percent sign.
            boolean plain = c >= ' ' && c < 0x7F && c != '%';
            encoded += plain ? 1 : c < 0x80 ? 3 : c < 0x800 ? 6 : c < 0x10000 ? 9 : 12;
            if (encoded > MAX_ENCODED_BYTES) {
                return text.substring(0, i) + "...";
            }
        }
        return text;
    }

    static Status.Code code(Reason reason) {
        return switch (reason) {
            case INVALID_ADDRESS,
                    INVALID_CIDR,
                    INVALID_NAMESPACE,
                    INVALID_REQUEST_ID,
                    INVALID_COUNT,
                    INVALID_ID,
                    INVALID_ENUM_VALUE,
                    INVALID_DUMP,
                    FIELD_MISSING,
                    INVALID_OWNER,
                    INVALID_LABEL,
                    INVALID_DESCRIPTION,
                    INVALID_UPDATE_MASK,
                    INVALID_PAGE_TOKEN,
                    INVALID_FILTER,
                    LENGTH_OUT_OF_RANGE,
                    ADDRESS_OUTSIDE_PREFIX,
                    PREFIX_OUTSIDE_PARENT,
                    NAMESPACE_NOT_FOUND,
                    PREFIX_OVERLAPS,
                    PREFIX_TAKEN,
                    PREFIX_HAS_ADDRESSES,
                    PREFIX_IS_PARENT,
                    NOT_A_CHILD,
                    NO_FREE_PREFIX -> Status.Code.INVALID_ARGUMENT;
            case PREFIX_NOT_FOUND, ALLOCATION_NOT_FOUND, NO_FREE_ADDRESS -> Status.Code.NOT_FOUND;
            case ADDRESS_TAKEN, ADDRESS_RESERVED, NAMESPACE_EXISTS, REQUEST_ID_REUSED -> Status.Code.ALREADY_EXISTS;
            case PREFIX_HAS_CHILDREN,
                    NAMESPACE_NOT_EMPTY,
                    NAMESPACE_PROTECTED,
                    ALLOCATION_ID_MISMATCH,
                    PREFIX_ID_MISMATCH,
                    ALLOCATION_GONE,
                    PREFIX_BEING_DELETED,
                    IMPORT_EXPIRED -> Status.Code.FAILED_PRECONDITION;
            // Whether it was done or not, go-ipam's clients know no better than to ask again.
            case OVERLOADED, STORE_UNAVAILABLE, OUTCOME_UNKNOWN -> Status.Code.UNAVAILABLE;
            case DEADLINE_EXCEEDED -> Status.Code.DEADLINE_EXCEEDED;
            case CANCELLED -> Status.Code.CANCELLED;
            case INTERNAL -> Status.Code.INTERNAL;
        };
    }
}
