package io.ipamer.api.v1;

import static org.assertj.core.api.Assertions.assertThat;

import io.grpc.Status;
import io.grpc.Status.Code;
import io.ipamer.model.IpamerException;
import io.ipamer.model.Reason;
import io.ipamer.proto.v1.ErrorReason;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** The error table of {@code ipamer.v1}. */
class StatusesTest {
    private static final Set<Reason> WORTH_WAITING = EnumSet.of(Reason.OVERLOADED, Reason.STORE_UNAVAILABLE);

    @Test
    void reasonsAndTheContractsValuesAreTheSame() {
        assertThat(Arrays.stream(Reason.values()).map(reason -> "ERROR_REASON_" + reason))
                .containsExactlyInAnyOrderElementsOf(Arrays.stream(ErrorReason.values())
                        .filter(value ->
                                value != ErrorReason.UNRECOGNIZED && value != ErrorReason.ERROR_REASON_UNSPECIFIED)
                        .map(Enum::name)
                        .toList());
    }

    @ParameterizedTest
    @EnumSource
    void theCodeIsTheNumberDividedBy100(Reason reason) {
        ErrorReason value = ErrorReason.valueOf("ERROR_REASON_" + reason);
        assertThat(Statuses.reason(reason)).isEqualTo(value);
        assertThat(value.getNumber() % 100).isPositive();
        assertThat(Statuses.code(reason)).isEqualTo(value.getNumber() / 100);
        assertThat(Status.fromCodeValue(Statuses.code(reason)).getCode()).isEqualTo(code(reason));
    }

    /** The design's table of reasons and codes, apart from the contract's numbers. */
    private static Code code(Reason reason) {
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
                    PREFIX_OUTSIDE_PARENT -> Code.INVALID_ARGUMENT;
            case NAMESPACE_NOT_FOUND, PREFIX_NOT_FOUND, ALLOCATION_NOT_FOUND -> Code.NOT_FOUND;
            case PREFIX_OVERLAPS, ADDRESS_TAKEN, ADDRESS_RESERVED, PREFIX_TAKEN, NAMESPACE_EXISTS, REQUEST_ID_REUSED ->
                Code.ALREADY_EXISTS;
            case PREFIX_HAS_CHILDREN,
                    PREFIX_HAS_ADDRESSES,
                    PREFIX_IS_PARENT,
                    NOT_A_CHILD,
                    NAMESPACE_NOT_EMPTY,
                    NAMESPACE_PROTECTED,
                    ALLOCATION_ID_MISMATCH,
                    PREFIX_ID_MISMATCH,
                    ALLOCATION_GONE,
                    PREFIX_BEING_DELETED,
                    IMPORT_EXPIRED -> Code.FAILED_PRECONDITION;
            case NO_FREE_ADDRESS, NO_FREE_PREFIX -> Code.RESOURCE_EXHAUSTED;
            case OVERLOADED, STORE_UNAVAILABLE -> Code.UNAVAILABLE;
            case OUTCOME_UNKNOWN -> Code.UNKNOWN;
            case DEADLINE_EXCEEDED -> Code.DEADLINE_EXCEEDED;
            case CANCELLED -> Code.CANCELLED;
            case INTERNAL -> Code.INTERNAL;
        };
    }

    @ParameterizedTest
    @EnumSource
    void everyRefusalCarriesItsReasonAndFacts(Reason reason) {
        Wire.Refusal refusal = Wire.refusal(Statuses.of(new IpamerException(reason, "why", Map.of("fact", "1"))));
        assertThat(refusal.code()).isEqualTo(code(reason));
        assertThat(refusal.message()).isEqualTo("why");
        assertThat(refusal.info().getDomain()).isEqualTo("ipamer.io");
        assertThat(refusal.info().getReason()).isEqualTo(reason.name());
        assertThat(refusal.facts()).containsEntry("fact", "1");
    }

    @ParameterizedTest
    @EnumSource
    void onlyWhereWaitingHelpsItSaysHowLong(Reason reason) {
        Wire.Refusal refusal = Wire.refusal(Statuses.of(new IpamerException(reason, "why")));
        assertThat(refusal.retries()).hasSize(WORTH_WAITING.contains(reason) ? 1 : 0);
        assertThat(refusal.retries())
                .allSatisfy(retry -> assertThat(retry.getRetryDelay().getSeconds()
                                + retry.getRetryDelay().getNanos())
                        .isPositive());
    }

    @Test
    void theCauseOfADefectStaysInside() {
        IpamerException defect = new IpamerException(
                Reason.INTERNAL,
                "internal error, incident 0",
                Map.of("incident", "0"),
                new IllegalStateException("password=secret"));
        assertThat(Statuses.of(defect).getTrailers().toString()).doesNotContain("secret");
        assertThat(Wire.refusal(Statuses.of(defect)).facts()).isEqualTo(Map.of("incident", "0"));
    }
}
