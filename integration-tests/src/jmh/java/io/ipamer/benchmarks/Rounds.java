package io.ipamer.benchmarks;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.ToDoubleFunction;

/** What was measured under each name, once a round, and its medians. */
final class Rounds {
    private final Map<String, List<Measured>> rows = new LinkedHashMap<>();

    /** Keeps it and says on standard error that it came. */
    void add(String name, Measured measured) {
        rows.computeIfAbsent(name, unknown -> new ArrayList<>()).add(measured);
        System.err.printf(Locale.ROOT, "  %-44s %,10.0f/s%n", name, measured.perSecond());
    }

    double median(String name, ToDoubleFunction<Measured> figure) {
        return median(rows.get(name).stream().mapToDouble(figure).boxed().toList());
    }

    /** How many times as many calls as another, measured in the same round. */
    double ratio(String name, String other) {
        List<Double> ratios = new ArrayList<>();
        for (int round = 0; round < rows.get(name).size(); round++) {
            ratios.add(rows.get(name).get(round).perSecond()
                    / rows.get(other).get(round).perSecond());
        }
        return median(ratios);
    }

    void printHead() {
        System.out.println("| | calls/s | ratio | p50 ms | p99 ms |");
        System.out.println("|---|---|---|---|---|");
    }

    void print(String name, String ratio) {
        System.out.printf(
                Locale.ROOT,
                "| %s | %,.0f | %s | %.2f | %.2f |%n",
                name,
                median(name, Measured::perSecond),
                ratio,
                median(name, Measured::p50Millis),
                median(name, Measured::p99Millis));
    }

    private static double median(List<Double> values) {
        List<Double> sorted = values.stream().sorted().toList();
        return sorted.get(sorted.size() / 2);
    }
}
