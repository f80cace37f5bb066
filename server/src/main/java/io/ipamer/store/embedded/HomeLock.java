package io.ipamer.store.embedded;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/** Holds a folder for this process, from before anything in it is touched; the system lets go with the process. */
final class HomeLock implements AutoCloseable {
    /**
     * The folders this process holds. Its own second attempt must not even open the file: closing it again would let go of
     * the lock, as the system counts locks by process.
     */
    private static final Set<Path> HELD = ConcurrentHashMap.newKeySet();

    private final Path home;
    private final FileChannel channel;

    private HomeLock(Path home, FileChannel channel) {
        this.home = home;
        this.channel = channel;
    }

    /** Locks at once or fails with the pid of the one that holds it. Reliable on local file systems only. */
    static HomeLock take(Path home) throws IOException {
        Path real = home.toRealPath();
        if (!HELD.add(real)) {
            throw inUse(home, String.valueOf(ProcessHandle.current().pid()));
        }
        FileChannel channel = null;
        boolean locked = false;
        try {
            channel = FileChannel.open(
                    home.resolve("ipamer.lock"),
                    StandardOpenOption.CREATE,
                    StandardOpenOption.READ,
                    StandardOpenOption.WRITE);
            if (channel.tryLock() == null) {
                throw inUse(home, pidIn(channel));
            }
            channel.truncate(0);
            channel.write(
                    StandardCharsets.US_ASCII.encode(ProcessHandle.current().pid() + "\n"), 0);
            locked = true;
            return new HomeLock(real, channel);
        } finally {
            if (!locked) {
                if (channel != null) {
                    channel.close();
                }
                HELD.remove(real);
            }
        }
    }

    @Override
    public void close() throws IOException {
        channel.close();
        HELD.remove(home);
    }

    private static EmbeddedPostgresException inUse(Path home, String pid) {
        return new EmbeddedPostgresException("the data folder " + home + " is in use by another ipamer (pid " + pid
                + "): stop that one, or choose another folder");
    }

    private static String pidIn(FileChannel channel) throws IOException {
        ByteBuffer text = ByteBuffer.allocate(32);
        channel.read(text, 0);
        String pid = StandardCharsets.US_ASCII.decode(text.flip()).toString().strip();
        return pid.isEmpty() ? "unknown" : pid;
    }
}
