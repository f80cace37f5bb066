package io.ipamer.app;

/** A setting that cannot be; the message is one line that names it, where it came from, and what would be right. */
public final class ConfigException extends Exception {
    public ConfigException(String message) {
        super(message);
    }
}
