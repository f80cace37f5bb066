package io.ipamer.plan;

import io.ipamer.model.Answer;
import io.ipamer.model.IpamerException;
import org.jspecify.annotations.Nullable;

/**
 * What planning decided for one call; valid once the plan is committed or, when the plan is empty, once the view's
 * revision is known to be current. Either an answer or a refusal.
 *
 * @param changed whether the call has a part in the plan
 */
public record Decision(@Nullable Answer answer, @Nullable IpamerException refusal, boolean changed) {}
