/** Commands that ask a server, through the client: what they can be told, and how answers and failures are shown. */
@NullMarked
package io.ipamer.cli.remote;

import org.jspecify.annotations.NullMarked;
