package io.ipamer.client;

import java.util.Arrays;
import java.util.Map;
import java.util.function.Function;
import java.util.stream.Collectors;

/**
 * Why a call was refused or failed. The contract's {@code ErrorReason} explains each, and names the keys of {@link
 * IpamerException#metadata} that come with it.
 */
public enum Reason {
    // CANCELLED
    CANCELLED,

    // UNKNOWN
    OUTCOME_UNKNOWN,

    // INVALID_ARGUMENT
    INVALID_ADDRESS,
    INVALID_CIDR,
    INVALID_NAMESPACE,
    INVALID_REQUEST_ID,
    INVALID_COUNT,
    INVALID_ID,
    FIELD_MISSING,
    LENGTH_OUT_OF_RANGE,
    ADDRESS_OUTSIDE_PREFIX,
    PREFIX_OUTSIDE_PARENT,
    INVALID_DUMP,
    INVALID_ENUM_VALUE,
    INVALID_OWNER,
    INVALID_LABEL,
    INVALID_DESCRIPTION,
    INVALID_UPDATE_MASK,
    INVALID_PAGE_TOKEN,
    INVALID_FILTER,

    // DEADLINE_EXCEEDED
    DEADLINE_EXCEEDED,

    // NOT_FOUND
    NAMESPACE_NOT_FOUND,
    PREFIX_NOT_FOUND,
    ALLOCATION_NOT_FOUND,

    // ALREADY_EXISTS
    PREFIX_OVERLAPS,
    ADDRESS_TAKEN,
    ADDRESS_RESERVED,
    PREFIX_TAKEN,
    NAMESPACE_EXISTS,
    REQUEST_ID_REUSED,

    // RESOURCE_EXHAUSTED
    NO_FREE_ADDRESS,
    NO_FREE_PREFIX,

    // FAILED_PRECONDITION
    PREFIX_HAS_CHILDREN,
    PREFIX_HAS_ADDRESSES,
    PREFIX_IS_PARENT,
    NOT_A_CHILD,
    NAMESPACE_NOT_EMPTY,
    NAMESPACE_PROTECTED,
    ALLOCATION_ID_MISMATCH,
    PREFIX_ID_MISMATCH,
    ALLOCATION_GONE,
    PREFIX_BEING_DELETED,
    IMPORT_EXPIRED,

    // INTERNAL
    INTERNAL,

    // UNAVAILABLE
    OVERLOADED,
    STORE_UNAVAILABLE,

    /** The server gave a reason that this client does not know: see {@link IpamerException#reasonName}. */
    UNRECOGNIZED,

    /** The failure came from gRPC or the network, not from Ipamer. */
    NONE;

    private static final Map<String, Reason> BY_NAME =
            Arrays.stream(values()).collect(Collectors.toMap(Reason::name, Function.identity()));

    static Reason named(String name) {
        return name.isEmpty() ? NONE : BY_NAME.getOrDefault(name, UNRECOGNIZED);
    }
}
