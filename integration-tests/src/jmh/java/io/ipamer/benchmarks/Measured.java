package io.ipamer.benchmarks;

import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import io.ipamer.bench.Bench;
import io.ipamer.bench.BenchException;
import io.ipamer.bench.BenchSettings;
import io.ipamer.bench.Progress;
import io.ipamer.bench.Report;
import java.io.PrintWriter;

/** One measurement of calls of one kind. */
record Measured(double perSecond, double p50Millis, double p99Millis) {
    static final Progress SILENT = new Progress(new PrintWriter(PrintWriter.nullWriter()), false);

    /** What the load generator measures. */
    static Measured by(BenchSettings settings) throws BenchException, InterruptedException {
        Report report = Bench.run(settings, SILENT);
        if (report.failure() != null) {
            throw new IllegalStateException(settings + ": " + report.failure());
        }
        double perSecond = 0;
        double p50 = 0;
        double p99 = 0;
        JsonObject json = JsonParser.parseString(report.toJson()).getAsJsonObject();
        for (JsonElement each : json.getAsJsonArray("results")) {
            perSecond += each.getAsJsonObject().get("callsPerSecond").getAsDouble();
            p50 = Math.max(p50, each.getAsJsonObject().get("p50Micros").getAsDouble() / 1e3);
            p99 = Math.max(p99, each.getAsJsonObject().get("p99Micros").getAsDouble() / 1e3);
        }
        return new Measured(perSecond, p50, p99);
    }
}
