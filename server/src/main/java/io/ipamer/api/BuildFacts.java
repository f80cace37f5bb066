package io.ipamer.api;

/**
 * What this program was built from.
 *
 * @param version of the project, such as {@code 0.1.0}
 * @param revision what version control calls this state; never empty
 * @param gitSha1 the commit; {@code unknown} when built outside of a checkout
 * @param buildDate ISO 8601
 */
public record BuildFacts(String version, String revision, String gitSha1, String buildDate) {}
