package io.ipamer.store.sql;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;

/** The network between a server and its database: passes on what comes, or does not. */
public final class Wire implements AutoCloseable {
    public enum State {
        WHOLE,
        /** Requests arrive, answers do not. */
        ANSWERS_LOST,
        /** Nothing arrives, and nobody is told. */
        SILENT,
        /** Connections break, and no new ones are to be had. */
        CUT
    }

    private final ServerSocket server;
    private final String host;
    private final Set<Socket> sockets = ConcurrentHashMap.newKeySet();
    private final Semaphore lostAnswers = new Semaphore(0);
    private volatile int port;
    private volatile State state = State.WHOLE;

    public Wire(String host, int port) {
        this.host = host;
        this.port = port;
        try {
            server = new ServerSocket(0, 200, InetAddress.getLoopbackAddress());
        } catch (IOException failed) {
            throw new UncheckedIOException(failed);
        }
        start(this::accept);
    }

    public int port() {
        return server.getLocalPort();
    }

    /** From now on new connections go to this port. */
    public void leadTo(int next) {
        port = next;
    }

    /** What was held up before stays lost: its connections break when the wire is whole again. */
    public void set(State next) {
        State last = state;
        lostAnswers.drainPermits();
        state = next;
        if (next == State.CUT || last != State.WHOLE) {
            sockets.forEach(Wire::close);
            sockets.clear();
        }
    }

    /** Waits until so many pieces of answers got lost since the state was set; false when they did not in time. */
    public boolean hasLostAnswers(int count, long patienceSeconds) throws InterruptedException {
        return lostAnswers.tryAcquire(count, patienceSeconds, TimeUnit.SECONDS);
    }

    private static void start(Runnable task) {
        Thread thread = new Thread(task, "wire");
        thread.setDaemon(true);
        thread.start();
    }

    private void accept() {
        while (!server.isClosed()) {
            try {
                connect(server.accept());
            } catch (IOException closed) {
                // Seen by the condition of the loop.
            }
        }
    }

    private void connect(Socket near) {
        if (state == State.CUT) {
            close(near);
            return;
        }
        try {
            Socket far = new Socket(host, port);
            near.setTcpNoDelay(true); // as the ends do: else each answer takes 40 ms
            far.setTcpNoDelay(true);
            sockets.add(near);
            sockets.add(far);
            if (state == State.CUT) {
                // Cut while it was being made: who cuts has not seen it.
                close(near);
                close(far);
            }
            start(() -> pass(near, far, State.SILENT));
            start(() -> pass(far, near, State.ANSWERS_LOST));
        } catch (IOException nobodyListens) {
            close(near);
        }
    }

    /** {@code lossy}: the state beside {@link State#SILENT} in which nothing is passed on in this direction. */
    private void pass(Socket from, Socket to, State lossy) {
        byte[] buffer = new byte[16_384];
        try (InputStream in = from.getInputStream();
                OutputStream out = to.getOutputStream()) {
            for (int n = in.read(buffer); n >= 0; n = in.read(buffer)) {
                if (state != State.SILENT && state != lossy) {
                    out.write(buffer, 0, n);
                } else if (state == lossy) {
                    lostAnswers.release();
                }
            }
        } catch (IOException cut) {
            // As is to be expected.
        } finally {
            close(from);
            close(to);
        }
    }

    private static void close(Socket socket) {
        try {
            socket.close();
        } catch (IOException closed) {
            // It is closed.
        }
    }

    @Override
    public void close() throws IOException {
        server.close();
        set(State.CUT);
    }
}
