package io.ipamer.model;

/** What a changing call answers: what a request id keeps so that a retry can be given the same again. */
public sealed interface Answer permits Namespace, Prefix, Allocations, Releases, ReleaseCount, Shortfall {}
