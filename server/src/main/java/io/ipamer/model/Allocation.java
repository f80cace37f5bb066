package io.ipamer.model;

import io.ipamer.address.IpAddress;
import java.util.UUID;

/**
 * An address that is handed out.
 *
 * @param id made when the address is handed out and never used again: a release that names it cannot hit a later holder
 */
public record Allocation(UUID id, IpAddress address, Metadata metadata) {}
