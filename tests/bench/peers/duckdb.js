// Runs SQL on DuckDB and writes what the query alone cost, without the start of Node.js, to $BENCH_COST.
//
//   node duckdb.js THREADS SQL
'use strict';
const fs = require('fs');
const duckdb = require('@duckdb/node-api');

async function main(threads, sql) {
    if (threads === '--version') {
        console.log(duckdb.version());
        return;
    }
    const instance = await duckdb.DuckDBInstance.create(':memory:', { threads });
    const connection = await instance.connect();
    // Faster where no order was asked for.
    await connection.run(`SET preserve_insertion_order = ${sql.includes('ORDER BY')}`);
    const cpu = process.cpuUsage(), since = process.hrtime.bigint();
    await connection.run(sql);
    const wall = Number(process.hrtime.bigint() - since) / 1e9, used = process.cpuUsage(cpu);
    fs.writeFileSync(process.env.BENCH_COST, JSON.stringify({ wall, cpu: (used.user + used.system) / 1e6 }));
}

main(process.argv[2], process.argv[3]).catch((error) => {
    console.error(String(error));
    process.exit(1);
});
