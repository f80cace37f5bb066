package io.ipamer.plan;

import java.util.UUID;

/**
 * The request id that a caller gave a call, so that a retry of it is answered and not done again.
 *
 * @param space within which the id is unique; see {@link Scope#requestSpace}
 * @param id 1 to 128 characters
 * @param fingerprint equal for equal calls, different for different ones
 */
public record Request(UUID space, String id, String fingerprint) {}
