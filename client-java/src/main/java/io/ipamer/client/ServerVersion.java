package io.ipamer.client;

/**
 * Which build a server runs.
 *
 * @param version as in {@code 0.1.0}
 * @param revision of the source: a commit hash, or {@code unknown}
 * @param built RFC 3339, or {@code unknown}
 * @param java version of the Java runtime; may be empty
 */
public record ServerVersion(String version, String revision, String built, String java) {}
