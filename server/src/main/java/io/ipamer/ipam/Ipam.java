package io.ipamer.ipam;

import io.ipamer.store.Store;

/** The use cases over one store. They share the lanes, so that calls from everywhere meet in one queue a scope. */
public final class Ipam {
    private final Namespaces namespaces;
    private final Prefixes prefixes;
    private final Addresses addresses;

    public Ipam(Store store, Surroundings surroundings) {
        Router router = new Router(store, surroundings);
        namespaces = new Namespaces(store, router);
        prefixes = new Prefixes(store, router);
        addresses = new Addresses(router);
    }

    public Namespaces namespaces() {
        return namespaces;
    }

    public Prefixes prefixes() {
        return prefixes;
    }

    public Addresses addresses() {
        return addresses;
    }
}
