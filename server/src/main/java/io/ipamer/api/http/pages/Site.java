package io.ipamer.api.http.pages;

import io.ipamer.api.BuildFacts;
import java.util.function.Supplier;

/**
 * What the pages tell of the server to whoever asks: nothing that strangers should not know, such as names of hosts.
 *
 * @param build what runs
 * @param grpcPort where the other door is
 * @param data what keeps the data, asked anew for each page
 * @param calls what became of the calls so far, as well
 * @param metrics all of them at the moment, in Prometheus's text format 0.0.4
 */
public record Site(
        BuildFacts build, int grpcPort, Supplier<String> data, Supplier<CallCounts> calls, Supplier<String> metrics) {}
