package io.ipamer.plan;

import io.ipamer.model.Answer;

/**
 * What is kept of a call with a request id: enough to answer its retry.
 *
 * @param gives whether the answer gave something out, which may be gone when the retry comes
 */
public record RequestRow(Request request, Answer answer, long revision, boolean gives) {}
