/**
 * Commands that ask a server, through the client: what they can be told, and how answers and failures are shown.
 *
 * <ul>
 *   <li>Commands: {@code *Command} is one, {@code *Commands} several of a first word; {@code RemoteCommands} lists them, {@code
 *       RemoteCommand} is what all of them do. {@code BulkAcquire} and {@code BulkRelease} are those that take several calls.
 *   <li>What is typed: {@code Options} and {@code Converters} of several commands, {@code ServerOptions} of all, {@code
 *       RequestIdOption} of those that change something.
 *   <li>The server: {@code Target} says which, {@code Line} is the connection.
 *   <li>Answers: {@code Output} writes them, a {@code Shape} says how a kind of thing looks ({@code Shapes} those of several
 *       commands), {@code Content} walks through a prefix for its map, {@code Wording} has numbers and words.
 *   <li>Files and pipes: {@code InputFile}, {@code WholeFile}, {@code StandardOutput}, {@code HarmlessJson}, {@code Counted*}.
 *   <li>What goes wrong: {@code Failures} says what a server answered, {@code CommandFailure} is what a command ends with,
 *       {@code Interruption} what Ctrl-C leaves.
 * </ul>
 */
@NullMarked
package io.ipamer.cli.remote;

import org.jspecify.annotations.NullMarked;
