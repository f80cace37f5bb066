package io.ipamer.bench;

import com.google.gson.GsonBuilder;
import com.google.gson.JsonArray;
import com.google.gson.JsonObject;
import io.grpc.Status;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.HdrHistogram.Histogram;
import org.jspecify.annotations.Nullable;

/** What was measured, as text and as JSON. */
public final class Report {
    /**
     * One kind of call.
     *
     * @param level how many addresses were acquired already; 0 where that is not the question
     * @param calls how many succeeded
     * @param latencies in nanoseconds
     */
    private record Row(int level, String operation, long calls, double perSecond, Histogram latencies) {}

    private final BenchSettings settings;
    private final List<Row> rows = new ArrayList<>();
    private final Map<Status.Code, Long> errors = new EnumMap<>(Status.Code.class);
    private @Nullable String firstError;
    private @Nullable String wrong;
    private @Nullable String left;
    private long missed;
    private long unanswered;
    private long checked;

    Report(BenchSettings settings) {
        this.settings = settings;
    }

    void add(int level, Load.Outcome outcome) {
        double seconds = settings.duration().toNanos() / 1e9;
        outcome.latencies()
                .forEach((operation, latencies) -> rows.add(new Row(
                        level, operation, latencies.getTotalCount(), latencies.getTotalCount() / seconds, latencies)));
        outcome.errors().forEach((code, count) -> errors.merge(code, count, Long::sum));
        if (firstError == null && !outcome.firstError().isOk()) {
            firstError = Ground.sentence(outcome.firstError());
        }
        if (wrong == null) {
            wrong = outcome.wrong();
        }
        missed += outcome.missed();
        unanswered += outcome.unanswered();
    }

    void checked(long answers) {
        checked = answers;
    }

    void left(String what) {
        left = what;
    }

    /** Why the run failed: a wrong answer, no answer, an error that is not tolerated; null when it did not. */
    public @Nullable String failure() {
        if (wrong != null) {
            return wrong;
        }
        if (unanswered > 0) {
            return unanswered + " calls had no answer 30 s after the end";
        }
        if (rows.stream().mapToLong(Row::calls).sum() == 0) {
            return "no call succeeded" + (firstError == null ? "" : "; the first error was " + firstError);
        }
        long failed = errors.values().stream().mapToLong(Long::longValue).sum();
        if (failed > 0 && !settings.tolerateErrors()) {
            return number(failed, "call") + " failed; the first error was " + firstError;
        }
        return null;
    }

    /** For people. */
    public String toText() {
        StringBuilder text = new StringBuilder();
        text.append(settings.scenario())
                .append(": ")
                .append(settings.contract())
                .append(" at ")
                .append(settings.target())
                .append(", ")
                .append(number(settings.callers(), "caller"))
                .append(" on ")
                .append(number(settings.channels(), "channel"));
        if (settings.scenario() != Scenario.CREATE_PREFIX) {
            text.append(", ").append(number(settings.prefixes(), "prefix"));
        }
        text.append(settings.requestIds() ? ", with request ids" : "")
                .append(settings.rate() == 0 ? "" : String.format(Locale.ROOT, ", %,.0f/s due", settings.rate()))
                .append(String.format(
                        Locale.ROOT,
                        ", %.1f s after %.1f s of warm-up%n",
                        settings.duration().toNanos() / 1e9,
                        settings.warmUp().toNanos() / 1e9));
        boolean levels = settings.scenario() == Scenario.FILL;
        text.append(String.format(
                "%s%-14s %12s %10s %9s %9s %9s %9s %9s%n",
                levels ? String.format("%11s  ", "acquired") : "",
                "operation",
                "calls",
                "calls/s",
                "p50 ms",
                "p90 ms",
                "p99 ms",
                "p99.9 ms",
                "max ms"));
        for (Row row : rows) {
            text.append(levels ? String.format(Locale.ROOT, "%,11d  ", row.level) : "")
                    .append(String.format(
                            Locale.ROOT,
                            "%-14s %,12d %,10.0f %9.3f %9.3f %9.3f %9.3f %9.3f%n",
                            row.operation,
                            row.calls,
                            row.perSecond,
                            row.latencies.getValueAtPercentile(50) / 1e6,
                            row.latencies.getValueAtPercentile(90) / 1e6,
                            row.latencies.getValueAtPercentile(99) / 1e6,
                            row.latencies.getValueAtPercentile(99.9) / 1e6,
                            row.latencies.getMaxValue() / 1e6));
        }
        if (settings.rate() != 0) {
            text.append(
                    String.format(Locale.ROOT, "missed: %,d calls were due, but all callers still waited%n", missed));
        }
        text.append("errors: ").append(errors.isEmpty() ? "none" : errors);
        if (firstError != null) {
            text.append("; the first was ").append(firstError);
        }
        text.append(System.lineSeparator());
        if (settings.scenario() != Scenario.READ && wrong == null) {
            text.append(String.format(Locale.ROOT, "distinct: all %,d that were given%n", checked));
        }
        if (left != null) {
            text.append("left behind: ").append(left).append(System.lineSeparator());
        }
        return text.toString();
    }

    private static String number(long count, String what) {
        return String.format(Locale.ROOT, "%,d %s%s", count, what, count == 1 ? "" : what.endsWith("x") ? "es" : "s");
    }

    /** For programs: latencies in microseconds, times in seconds. */
    public String toJson() {
        JsonObject json = new JsonObject();
        json.addProperty("scenario", settings.scenario().toString());
        json.addProperty("contract", settings.contract().toString());
        json.addProperty("target", settings.target());
        json.addProperty("prefixes", settings.prefixes());
        json.addProperty("callers", settings.callers());
        json.addProperty("channels", settings.channels());
        json.addProperty("durationSeconds", settings.duration().toNanos() / 1e9);
        json.addProperty("warmUpSeconds", settings.warmUp().toNanos() / 1e9);
        json.addProperty("rate", settings.rate());
        json.addProperty("requestIds", settings.requestIds());
        json.addProperty("seed", settings.seed());
        JsonArray results = new JsonArray();
        for (Row row : rows) {
            JsonObject result = new JsonObject();
            if (row.level > 0) {
                result.addProperty("acquired", row.level);
            }
            result.addProperty("operation", row.operation);
            result.addProperty("calls", row.calls);
            result.addProperty("callsPerSecond", row.perSecond);
            addLatencies(result, row.latencies);
            results.add(result);
        }
        json.add("results", results);
        JsonObject byCode = new JsonObject();
        errors.forEach((code, count) -> byCode.addProperty(code.name(), count));
        json.add("errors", byCode);
        json.addProperty("firstError", firstError);
        json.addProperty("missed", missed);
        json.addProperty("unanswered", unanswered);
        json.addProperty("distinct", wrong == null ? checked : null);
        json.addProperty("failure", failure());
        json.addProperty("leftBehind", left);
        return new GsonBuilder().setPrettyPrinting().serializeNulls().create().toJson(json);
    }

    /** Adds the usual percentiles, in microseconds. */
    public static void addLatencies(JsonObject json, Histogram nanos) {
        json.addProperty("meanMicros", nanos.getMean() / 1e3);
        json.addProperty("p50Micros", nanos.getValueAtPercentile(50) / 1e3);
        json.addProperty("p90Micros", nanos.getValueAtPercentile(90) / 1e3);
        json.addProperty("p99Micros", nanos.getValueAtPercentile(99) / 1e3);
        json.addProperty("p999Micros", nanos.getValueAtPercentile(99.9) / 1e3);
        json.addProperty("maxMicros", nanos.getMaxValue() / 1e3);
    }
}
