package io.ipamer.it;

import io.ipamer.app.IpamerServer;

class CapacityOnPostgresIT extends CapacityIT {
    @Override
    IpamerServer serve() {
        return Servers.onPostgres();
    }
}
