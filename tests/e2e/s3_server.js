// An S3 server for the tests: s3rver, with what it does unlike S3 put right where the scripts could depend on it.
//
//   node s3_server.js S3RVER-FOLDER DATA-FOLDER [BUCKET...]
//
// Prints "listening on 127.0.0.1:PORT", then one JSON object for each request that is done: time, method, bucket, key, query, status.
// Objects are files, DATA-FOLDER/BUCKET/KEY._S3rver_object; their time of change is the object's LastModified.
//
// Put right: an object appears when all its bytes are there (s3rver shows one that is being uploaded, and leaves what a broken
// upload brought); Content-Length, Content-MD5 and x-amz-content-sha256 are compared; listings are in the order of the keys' bytes,
// go on behind 1000 keys, tell the storage class; the ETag of a multipart upload is no MD5; UploadPartCopy and AbortMultipartUpload
// are there; a copy takes a storage class, also onto itself; archived objects are not given out; If-None-Match: * works for PUT.
// Events go to the queues of the bucket's notification configuration (which must be queues of the sqs_server.py that
// AWS_ENDPOINT_URL_SQS names), with the test event first.
// Still unlike S3: no versions, no restore, no If-Match, any part size, any number of parts; a wrong secret key is not noticed.
'use strict';

const [, , s3rver, folder, ...buckets] = process.argv;

const crypto = require('crypto');
const fs = require('fs');
const http = require('http');
const path = require('path');
const { Readable } = require('stream');
const { pipeline } = require('stream/promises');
const S3rver = require(s3rver);
const S3Error = require(path.join(s3rver, 'lib/models/error'));
const S3Object = require(path.join(s3rver, 'lib/models/object'));
const FilesystemStore = require(path.join(s3rver, 'lib/stores/filesystem'));
const router = require(path.join(s3rver, 'lib/routes'));
const xmlParser = require(require.resolve('fast-xml-parser', { paths: [s3rver] }));

// s3rver makes its continuation tokens with DES, which OpenSSL 3 has no more.
for (const name of ['createCipheriv', 'createDecipheriv']) {
  const create = crypto[name];
  const twice = bytes => Buffer.concat([bytes, bytes]);
  crypto[name] = (algorithm, key, iv, ...rest) =>
    algorithm === 'des' ? create('aes-128-cbc', twice(key), twice(iv)) : create(algorithm, key, iv, ...rest);
}

S3Object.STORAGE_CLASSES.push('GLACIER_IR');
const CLASS = 'x-amz-storage-class';
const ARCHIVED = ['GLACIER', 'DEEP_ARCHIVE'];
const SUFFIX = '._S3rver_object';
const isKept = name => name !== CLASS && (S3Object.ALLOWED_METADATA.includes(name) || name.startsWith('x-amz-meta-'));
// As S3 writes keys in events, and in listings when it is asked to.
const hex = character => `%${character.charCodeAt(0).toString(16).toUpperCase()}`;
const formEncode = text => encodeURIComponent(text).replace(/%20/g, '+').replace(/%2F/g, '/').replace(/[!'()~]/g, hex);
const md5Of = bytes => crypto.createHash('md5').update(bytes).digest('hex');

class Store extends FilesystemStore {
  uploadFolder(bucket, uploadId = '') {
    return path.join(this.getResourcePath(bucket, undefined, 'uploads'), uploadId);
  }

  // Writes the content to a file that is not yet visible, compares it with what the request's headers promise.
  async receive(bucket, content, headers = {}) {
    const file = path.join(this.uploadFolder(bucket), `incoming-${crypto.randomBytes(8).toString('hex')}`);
    const md5 = crypto.createHash('md5');
    const sha256 = crypto.createHash('sha256');
    let size = 0;
    await fs.promises.mkdir(path.dirname(file), { recursive: true });
    try {
      const source = Buffer.isBuffer(content) ? Readable.from([content]) : content;
      await pipeline(
        source,
        async function* (chunks) {
          for await (const chunk of chunks) {
            md5.update(chunk);
            sha256.update(chunk);
            size += chunk.length;
            yield chunk;
          }
        },
        fs.createWriteStream(file),
      );
      const digest = md5.digest();
      const promised = headers['x-amz-content-sha256'] || '';
      if ('content-length' in headers && Number(headers['content-length']) !== size) {
        throw new S3Error('IncompleteBody', 'You did not provide the number of bytes specified by the Content-Length HTTP header');
      }
      if ('content-md5' in headers && headers['content-md5'] !== digest.toString('base64')) {
        throw new S3Error('BadDigest', 'The Content-MD5 you specified did not match what we received.');
      }
      if (/^[0-9a-f]{64}$/.test(promised) && promised !== sha256.digest('hex')) {
        const message = "The provided 'x-amz-content-sha256' header does not match what was computed.";
        throw Object.assign(new S3Error('XAmzContentSHA256Mismatch', message), { status: 400 });
      }
      return { file, size, md5: digest.toString('hex') };
    } catch (err) {
      await fs.promises.rm(file, { force: true });
      throw err;
    }
  }

  async putObject(object, etag) {
    const { bucket, key, content, metadata } = object;
    const headers = content.headers || {};
    const { file, size, md5 } = await this.receive(bucket, content, headers);
    const target = this.getResourcePath(bucket, key, 'object');
    if (metadata[CLASS] === 'STANDARD') delete metadata[CLASS];
    const kept = Object.fromEntries(Object.entries(metadata).filter(([name]) => name === CLASS || isKept(name)));
    // Nothing else runs between these, so nobody sees one without the other.
    if (headers['if-none-match'] === '*' && fs.existsSync(target)) {
      fs.rmSync(file);
      throw new S3Error('PreconditionFailed', 'At least one of the pre-conditions you specified did not hold');
    }
    fs.mkdirSync(path.dirname(target), { recursive: true });
    fs.writeFileSync(`${target}.md5`, etag || md5);
    fs.writeFileSync(this.getResourcePath(bucket, key, 'metadata.json'), JSON.stringify(kept));
    fs.renameSync(file, target);
    return { size, md5: etag || md5 };
  }

  async copyObject(fromBucket, fromKey, bucket, key, metadata) {
    const content = fs.createReadStream(this.getResourcePath(fromBucket, fromKey, 'object'));
    await this.putObject(new S3Object(bucket, key, content, metadata));
    return this.getMetadata(bucket, key);
  }

  async putPart(bucket, uploadId, partNumber, content) {
    const { file, size, md5 } = await this.receive(bucket, content, content.headers);
    const part = path.join(this.uploadFolder(bucket, uploadId), String(partNumber));
    if (!fs.existsSync(path.dirname(part))) {
      fs.rmSync(file);
      throw new S3Error('NoSuchUpload', 'The specified upload does not exist.');
    }
    fs.renameSync(file, part);
    fs.writeFileSync(`${part}.md5`, md5);
    return { size, md5 };
  }

  async putObjectMultipart(bucket, uploadId, parts) {
    const upload = this.uploadFolder(bucket, uploadId);
    const file = name => path.join(upload, String(name));
    if (!fs.existsSync(upload)) throw new S3Error('NoSuchUpload', 'The specified upload does not exist.');
    const sorted = [...parts].sort((a, b) => a.number - b.number);
    for (const { number, etag } of sorted) {
      if (!fs.existsSync(file(number)) || fs.readFileSync(file(`${number}.md5`), 'utf8') !== etag) {
        throw new S3Error('InvalidPart', 'One or more of the specified parts could not be found.');
      }
    }
    const etag = `${md5Of(Buffer.from(sorted.map(part => part.etag).join(''), 'hex'))}-${sorted.length}`;
    async function* content() {
      for (const { number } of sorted) yield* fs.createReadStream(file(number));
    }
    const metadata = JSON.parse(fs.readFileSync(file('metadata'), 'utf8'));
    const object = new S3Object(bucket, fs.readFileSync(file('key'), 'utf8'), Readable.from(content()), metadata);
    const stored = await this.putObject(object, etag);
    await fs.promises.rm(upload, { recursive: true });
    return stored;
  }

  async listObjects(bucket, { delimiter = '', startAfter = '', prefix = '', maxKeys = Infinity }) {
    const root = this.getBucketPath(bucket);
    const keys = fs
      .readdirSync(root, { recursive: true })
      .filter(name => name.endsWith(SUFFIX))
      .map(name => Buffer.from(name.slice(0, -SUFFIX.length)))
      .sort(Buffer.compare)
      .map(String)
      .filter(key => key.startsWith(prefix) && Buffer.compare(Buffer.from(key), Buffer.from(startAfter)) > 0);
    const objects = [];
    const commonPrefixes = new Set();
    let isTruncated = false;
    for (const key of keys) {
      const end = delimiter ? key.indexOf(delimiter, prefix.length) : -1;
      if (end !== -1) {
        commonPrefixes.add(key.slice(0, end + delimiter.length));
      } else if (objects.length === maxKeys) {
        isTruncated = true;
        break;
      } else {
        const metadata = await this.getMetadata(bucket, key).catch(() => undefined);
        if (metadata) objects.push(new S3Object(bucket, key, null, metadata));
      }
    }
    return { objects, commonPrefixes: [...commonPrefixes], isTruncated };
  }

  storageClass(bucket, key) {
    try {
      return JSON.parse(fs.readFileSync(this.getResourcePath(bucket, key, 'metadata.json'), 'utf8'))[CLASS];
    } catch (err) {
      return undefined;
    }
  }
}

// A copy with its metadata is, for s3rver, one with the metadata that the request names: the source's.
async function copy(ctx, next) {
  const { bucket, key } = ctx.params;
  const source = decodeURIComponent(ctx.get('x-amz-copy-source')).replace(/^\//, '');
  const [fromBucket, ...rest] = source.split('/');
  const fromKey = rest.join('/');
  ctx.headers['x-amz-copy-source'] = source.replace(/%/g, '%25');
  const metadata = await ctx.store.getMetadata(fromBucket, fromKey).catch(() => undefined);
  if (!metadata) throw new S3Error('NoSuchKey', 'The specified key does not exist.', { Key: fromKey });
  if (ARCHIVED.includes(metadata[CLASS]) && !(fromBucket === bucket && fromKey === key)) {
    throw new S3Error('InvalidObjectState', 'The source object of the copy operation is not in the active tier');
  }
  if (ctx.query.uploadId) {
    const [, start, end] = /^bytes=(\d+)-(\d+)$/.exec(ctx.get('x-amz-copy-source-range')) || [];
    const content = fs.createReadStream(ctx.store.getResourcePath(fromBucket, fromKey, 'object'), {
      start: Number(start || 0),
      end: end === undefined ? Infinity : Number(end),
    });
    const { md5 } = await ctx.store.putPart(bucket, ctx.query.uploadId, ctx.query.partNumber, content);
    ctx.body = { CopyPartResult: { LastModified: new Date().toISOString(), ETag: JSON.stringify(md5) } };
    return;
  }
  const same = fromBucket === bucket && fromKey === key && (ctx.get(CLASS) || 'STANDARD') === (metadata[CLASS] || 'STANDARD');
  if (ctx.get('x-amz-metadata-directive') !== 'REPLACE' && !same) {
    for (const name of Object.keys(ctx.headers).filter(isKept)) delete ctx.headers[name];
    for (const name of Object.keys(metadata).filter(isKept)) ctx.headers[name] = metadata[name];
    ctx.headers['x-amz-metadata-directive'] = 'REPLACE';
  }
  await next();
}

function toQueue(arn, message) {
  const queue = arn.split(':').pop();
  const url = `${process.env.AWS_ENDPOINT_URL_SQS}/control/send/${queue}`;
  return new Promise((resolve, reject) => {
    http
      .request(url, { method: 'POST' }, res => {
        res.resume();
        res.on('end', () => (res.statusCode === 200 ? resolve() : reject(new Error(`${url}: status ${res.statusCode}`))));
      })
      .on('error', reject)
      .end(JSON.stringify(message));
  });
}

// The queues, with the events and keys that they want: [{ id, queue, events, rules: [{ name, value }] }].
function queues(xml) {
  const { QueueConfiguration } = xmlParser.parse(xml).NotificationConfiguration || {};
  return [].concat(QueueConfiguration || []).map(q => ({
    id: q.Id || 'notification',
    queue: q.Queue,
    events: [].concat(q.Event).map(event => event.replace(/^s3:/, '')),
    rules: [].concat((q.Filter && q.Filter.S3Key && q.Filter.S3Key.FilterRule) || []).map(rule => ({
      name: String(rule.Name).toLowerCase(),
      value: String(rule.Value),
    })),
  }));
}

const notificationFile = (store, bucket) => path.join(store.uploadFolder(bucket), '..', '._S3rver_notification');

async function notification(ctx) {
  const { bucket } = ctx.params;
  if (!(await ctx.store.getBucket(bucket))) throw new S3Error('NoSuchBucket', 'The specified bucket does not exist');
  const file = notificationFile(ctx.store, bucket);
  if (ctx.method === 'GET') {
    ctx.type = 'application/xml';
    ctx.body = fs.existsSync(file) ? fs.readFileSync(file, 'utf8') : '<NotificationConfiguration/>';
    return;
  }
  let xml = '';
  for await (const chunk of ctx.req) xml += chunk;
  const Time = new Date().toISOString();
  for (const { queue } of queues(xml)) {
    await toQueue(queue, { Service: 'Amazon S3', Event: 's3:TestEvent', Time, Bucket: bucket }).catch(err => {
      throw new S3Error('InvalidArgument', `Unable to validate the following destination configurations: ${err.message}`);
    });
  }
  fs.writeFileSync(file, xml);
  ctx.body = '';
}

let sequence = 0;

// s3rver's event, with what it gets wrong put right.
async function announce(store, event) {
  const [record] = event.Records;
  const bucket = record.s3.bucket.name;
  const { key } = record.s3.object;
  const file = notificationFile(store, bucket);
  if (!fs.existsSync(file)) return;
  sequence += 1;
  record.awsRegion = process.env.AWS_DEFAULT_REGION || 'eu-west-1';
  record.eventName = record.eventName.replace('ObjectCreated:Post', 'ObjectCreated:CompleteMultipartUpload');
  record.s3.bucket.arn = `arn:aws:s3:::${bucket}`;
  record.s3.object.key = formEncode(key);
  record.s3.object.sequencer = (BigInt(Date.now()) * 65536n + BigInt(sequence)).toString(16).toUpperCase().padStart(18, '0');
  for (const { id, queue, events, rules } of queues(fs.readFileSync(file, 'utf8'))) {
    const wanted =
      events.some(name => (name.endsWith('*') ? record.eventName.startsWith(name.slice(0, -1)) : record.eventName === name)) &&
      rules.every(({ name, value }) => (name === 'prefix' ? key.startsWith(value) : key.endsWith(value)));
    record.s3.configurationId = id;
    if (wanted) await toQueue(queue, event);
  }
}

async function mend(ctx, next) {
  const { bucket, key } = ctx.params;
  if (bucket && !key && 'notification' in ctx.query && ['GET', 'PUT'].includes(ctx.method)) return notification(ctx);
  if (ctx.method === 'PUT' && key && 'x-amz-copy-source' in ctx.headers) return copy(ctx, next);
  if (ctx.method === 'DELETE' && key && ctx.query.uploadId) {
    await fs.promises.rm(ctx.store.uploadFolder(bucket, ctx.query.uploadId), { recursive: true, force: true });
    ctx.status = 204;
    return undefined;
  }
  if (ctx.method === 'GET' && key && ARCHIVED.includes(ctx.store.storageClass(bucket, key))) {
    throw new S3Error('InvalidObjectState', "The operation is not valid for the object's storage class");
  }
  await next();
  const list = ctx.body && ctx.body.ListBucketResult;
  if (!list) return undefined;
  for (const item of list.Contents) item.StorageClass = ctx.store.storageClass(bucket, item.Key) || 'STANDARD';
  if (ctx.query['encoding-type'] === 'url') {
    list.EncodingType = 'url';
    for (const shape of [...list.Contents, ...list.CommonPrefixes, list]) {
      for (const name of ['Key', 'Prefix', 'Delimiter', 'StartAfter', 'Marker', 'NextMarker']) {
        if (shape[name]) shape[name] = formEncode(shape[name]);
      }
    }
  }
  return undefined;
}

// Behind authentication, before s3rver's own answers.
const behind = router.stack.findIndex(layer => layer.stack.some(run => run.name === 'authentication')) + 1;
router.use('/:bucket/:key*', mend);
router.stack.splice(behind, 0, router.stack.pop());

const server = new S3rver({
  address: '127.0.0.1',
  port: 0,
  silent: true,
  directory: folder,
  vhostBuckets: false,
  configureBuckets: buckets.map(name => ({ name })),
});
server.store = server.context.store = new Store(folder);
server.middleware.unshift(async (ctx, next) => {
  ctx.res.on('close', () => {
    const [, bucket, ...key] = decodeURIComponent(ctx.path).split('/');
    const status = ctx.res.writableFinished ? ctx.status : 0;
    const time = Date.now() / 1000;
    console.log(JSON.stringify({ time, method: ctx.method, bucket, key: key.join('/'), query: ctx.querystring, status }));
  });
  await next();
});
server.on('event', event => announce(server.store, event).catch(err => console.error(err)));
server.on('error', err => {
  if (!(err instanceof S3Error)) console.error(err);
});
server.run().then(({ address, port }) => console.log(`listening on ${address}:${port}`));
