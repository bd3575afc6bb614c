// An HTTP/2 server over TLS whose streams go wrong as their paths say. `http2_server.js FOLDER`: FOLDER has good.pem, good.key.
// Prints its port. Ends with its stdin.
'use strict';
const fs = require('fs');
const http2 = require('http2');

const folder = process.argv[2];
const seen = []; // paths of all requests, each with the number of its session
let sessions = 0;
const server = http2.createSecureServer({
  key: fs.readFileSync(`${folder}/good.key`),
  cert: fs.readFileSync(`${folder}/good.pem`),
});

server.on('session', (session) => {
  session.number = ++sessions;
  session.served = 0;
  session.on('error', () => {});
});

const waiting = [];
const held = []; // until somebody asks for /release

server.on('stream', (stream, headers) => {
  const path = headers[':path'].split('?')[0];
  const session = stream.session;
  const again = session.served++ > 0;
  stream.on('error', () => {});
  seen.push(`${session.number} ${path}\n`);
  if (path === '/refuse') return stream.close(http2.constants.NGHTTP2_REFUSED_STREAM);
  if (path === '/cancel') return stream.close(http2.constants.NGHTTP2_INTERNAL_ERROR);
  if (path === '/again-close' && again) return session.destroy();
  if (path === '/again-goaway' && again) return session.goaway(http2.constants.NGHTTP2_NO_ERROR, stream.id - 2);
  if (path === '/downgrade') return stream.close(http2.constants.NGHTTP2_HTTP_1_1_REQUIRED);
  if (path === '/cut') {
    stream.respond({ ':status': 200, 'content-length': 100 });
    stream.write('only this');
    return setTimeout(() => stream.close(http2.constants.NGHTTP2_INTERNAL_ERROR), 20);
  }
  if (path === '/pair') { // two at the same time
    waiting.push(stream);
    if (waiting.length === 2) for (const s of waiting.splice(0)) { s.respond({ ':status': 200 }); s.end('both'); }
    return undefined;
  }
  if (path === '/mute') return undefined;
  if (path === '/hold') return held.push(stream);
  if (path === '/release') { // answers when all that was held is
    return Promise.all(held.splice(0).map((s) => new Promise((done) => {
      s.on('close', done);
      s.respond({ ':status': 200 });
      s.end('x'.repeat(50000));
    }))).then(() => { stream.respond({ ':status': 200 }); stream.end('released'); });
  }
  if (path === '/held') { stream.respond({ ':status': 200 }); return stream.end(String(held.length)); }
  stream.respond({ ':status': 200, 'Is': 'two' });
  return stream.end(path === '/log' ? seen.join('') : 'h2');
});

server.listen(0, '127.0.0.1', () => console.log(server.address().port));
process.stdin.on('end', () => process.exit(0)).resume();
