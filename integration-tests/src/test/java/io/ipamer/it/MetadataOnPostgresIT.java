package io.ipamer.it;

import io.ipamer.app.IpamerServer;

class MetadataOnPostgresIT extends MetadataIT {
    @Override
    IpamerServer serve() {
        return Servers.onPostgres();
    }
}
