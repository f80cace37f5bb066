package io.ipamer.plan;

import io.ipamer.model.Answer;
import org.jspecify.annotations.Nullable;

/** A call, with the request id that its caller may have given. */
public record Submission<A extends Answer>(
        Call<A> call, @Nullable Request request) {}
