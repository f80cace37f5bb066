package io.ipamer.cli.remote;

import io.grpc.Status;
import io.ipamer.client.IpamerException;
import io.ipamer.client.Reason;
import java.net.ConnectException;
import java.net.NoRouteToHostException;
import java.net.UnknownHostException;
import java.time.Duration;
import java.util.function.UnaryOperator;
import javax.net.ssl.SSLException;
import org.jspecify.annotations.Nullable;

/** Says failures of calls so that who typed a command knows what is wrong with it. */
final class Failures {
    private Failures() {}

    /** {@code argument}: names what a field of the contract is on this command line. */
    static CommandFailure of(IpamerException failed, Target target, UnaryOperator<String> argument) {
        return switch (failed.code()) {
            case DEADLINE_EXCEEDED ->
                new CommandFailure(
                        CommandFailure.NOT_REACHABLE,
                        "no answer from " + target.address() + " within " + time(target.patience())
                                + "; --timeout waits longer",
                        failed);
            case UNAVAILABLE ->
                failed.reason() == Reason.NONE ? unreachable(failed, target) : refused(failed, argument);
            default -> failed.reasonName().isEmpty() ? foreign(failed, target) : refused(failed, argument);
        };
    }

    private static CommandFailure refused(IpamerException failed, UnaryOperator<String> argument) {
        String message = String.valueOf(failed.getMessage());
        String field = failed.metadata().getOrDefault("field", "");
        if (!field.isEmpty() && message.startsWith(field)) {
            int bracket = field.indexOf('[');
            int dot = field.lastIndexOf('.');
            String name = bracket > 0 && dot > bracket
                    ? field.substring(dot + 1)
                    : bracket > 0 ? field.substring(0, bracket) : field;
            message = argument.apply(name) + message.substring(field.length());
        }
        return new CommandFailure(CommandFailure.REFUSED, message, failed);
    }

    private static CommandFailure unreachable(IpamerException failed, Target target) {
        String why = String.valueOf(failed.getMessage());
        String advice = "";
        Throwable cause = cause(failed);
        if (cause instanceof UnknownHostException || why.startsWith("Unable to resolve host")) {
            why = "there is no host of that name";
        } else if (cause instanceof NoRouteToHostException) {
            why = "there is no way to that host";
        } else if (cause instanceof ConnectException) {
            why = "nothing listens there";
            advice = "; is it running? start it with ipamer serve";
        } else if (cause instanceof SSLException || isTls(why)) {
            String said = cause == null ? why : String.valueOf(cause.getMessage());
            boolean plain = said.startsWith("not an SSL/TLS record");
            why = plain ? "it does not speak TLS" : "TLS failed: " + said;
            advice = plain ? "; leave --tls out" : "; is its certificate trusted (--ca)?";
        } else {
            why = "the connection broke"
                    + (cause == null || cause.getMessage() == null ? "" : ": " + cause.getMessage());
            advice = target.tls() ? "; does it speak gRPC with TLS?" : "; does it speak gRPC, or want --tls?";
        }
        return new CommandFailure(
                CommandFailure.NOT_REACHABLE, "no ipamer server at " + target.address() + ": " + why + advice, failed);
    }

    private static boolean isTls(String why) {
        return why.contains("TLS") || why.contains("SSL") || why.contains("ssl");
    }

    /** Something answered that is no server of ours, or one of another version. */
    private static CommandFailure foreign(IpamerException failed, Target target) {
        String said = String.valueOf(failed.getMessage()).split(" Hex dump", 2)[0];
        boolean web = said.contains("HTTP status code") || said.contains("content-type");
        return switch (failed.code()) {
            case UNKNOWN, INTERNAL -> noServer(failed, target, said);
            default -> {
                if (web) {
                    yield noServer(failed, target, said);
                }
                yield new CommandFailure(
                        CommandFailure.REFUSED,
                        failed.code() == Status.Code.UNIMPLEMENTED
                                ? "the server at " + target.address()
                                        + " does not know this call: it is older than this program, or none of ipamer"
                                : said,
                        failed);
            }
        };
    }

    private static CommandFailure noServer(IpamerException failed, Target target, String said) {
        return new CommandFailure(
                CommandFailure.NOT_REACHABLE,
                "no ipamer server at " + target.address() + ": what answers there is something else (" + said + ")",
                failed);
    }

    /** Behind what gRPC says: what the network said. */
    private static @Nullable Throwable cause(IpamerException failed) {
        Throwable last = null;
        Throwable next = failed.getCause();
        for (int depth = 0; next != null && depth < 10; depth++) {
            last = next;
            if (next instanceof ConnectException
                    || next instanceof UnknownHostException
                    || next instanceof NoRouteToHostException
                    || next instanceof SSLException) {
                return next;
            }
            next = next.getCause();
        }
        return last == failed.getCause() ? null : last;
    }

    private static String time(Duration time) {
        return time.toMillis() % 1_000 == 0 ? time.toSeconds() + " s" : time.toMillis() + " ms";
    }

    /** A change that may have been made or not. */
    static final class OutcomeUnknown extends RuntimeException {
        private static final long serialVersionUID = 1L;

        private final IpamerException failure;

        /** {@code hint}: what became of it, and how to go on. */
        OutcomeUnknown(IpamerException failure, String hint) {
            super(hint, failure);
            this.failure = failure;
        }

        IpamerException failure() {
            return failure;
        }

        String hint() {
            return String.valueOf(getMessage());
        }
    }
}
