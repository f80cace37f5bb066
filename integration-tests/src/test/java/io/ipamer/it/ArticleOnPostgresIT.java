package io.ipamer.it;

import io.ipamer.app.IpamerServer;

class ArticleOnPostgresIT extends ArticleIT {
    @Override
    IpamerServer serve() {
        return Servers.onPostgres();
    }
}
