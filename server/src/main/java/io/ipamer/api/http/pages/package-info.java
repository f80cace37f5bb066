/** What is read with a browser, asked by a probe or collected by Prometheus. */
@NullMarked
package io.ipamer.api.http.pages;

import org.jspecify.annotations.NullMarked;
