package io.ipamer.ipam;

import io.ipamer.store.Store;

/** The use cases over one store. They share the lanes, so that calls from everywhere meet in one queue a scope. */
public final class Ipam {
    private final Namespaces namespaces;
    private final Prefixes prefixes;
    private final Addresses addresses;
    private final Lists lists;
    private final Capacity capacity;
    private final Imports imports;
    private final Exports exports;

    public Ipam(Store store, Surroundings surroundings) {
        Router router = new Router(store, surroundings);
        namespaces = new Namespaces(store, router);
        prefixes = new Prefixes(store, router);
        addresses = new Addresses(store, router);
        lists = new Lists(store, router);
        capacity = new Capacity(store, router, lists);
        imports = new Imports(store, router, surroundings);
        exports = new Exports(store, router);
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

    public Lists lists() {
        return lists;
    }

    public Capacity capacity() {
        return capacity;
    }

    public Imports imports() {
        return imports;
    }

    public Exports exports() {
        return exports;
    }
}
