package io.ipamer.app;

import io.ipamer.api.BuildFacts;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.util.Properties;

/** What this program was built from, as the build wrote it down. */
public final class Build {
    private Build() {}

    public static String version() {
        return facts().version();
    }

    /** All of it in one line, for people. */
    public static String description() {
        BuildFacts facts = facts();
        return facts.version() + " (" + facts.revision() + ", built " + facts.buildDate() + ", Java "
                + Runtime.version() + ")";
    }

    static BuildFacts facts() {
        Properties properties = new Properties();
        try (InputStream in = Build.class.getResourceAsStream("build.properties")) {
            if (in == null) {
                throw new IllegalStateException("the build left no build.properties");
            }
            properties.load(in);
        } catch (IOException unreadable) {
            throw new UncheckedIOException(unreadable);
        }
        return new BuildFacts(
                properties.getProperty("version", "unknown"),
                properties.getProperty("revision", "unknown"),
                properties.getProperty("git-sha", "unknown"),
                properties.getProperty("build-date", "unknown"));
    }
}
