// Drives imapflow through a session; ends with "all done".
'use strict';

const assert = require('node:assert');
const fs = require('node:fs');
const { ImapFlow } = require('imapflow');

const [port, caFile, user, pass] = process.argv.slice(2);

const connect = () =>
	new ImapFlow({
		host: 'localhost',
		port: Number(port),
		secure: true,
		auth: { user, pass },
		tls: { ca: fs.readFileSync(caFile) },
		logger: false,
	});

const message = (subject) =>
	Buffer.from(
		'From: tester@example.org\r\nTo: reader@postern.test\r\n' +
			`Date: Mon, 5 Jan 2026 10:00:00 +0000\r\nSubject: ${subject}\r\n` +
			'MIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary="b"\r\n\r\n' +
			`--b\r\nContent-Type: text/plain\r\n\r\nThe text of ${subject}.\r\n` +
			'--b\r\nContent-Type: application/octet-stream; name="a.bin"\r\n' +
			'Content-Disposition: attachment; filename="a.bin"\r\nContent-Transfer-Encoding: base64\r\n\r\nAAEC\r\n--b--\r\n',
	);

const streamed = async (stream) => {
	const pieces = [];
	for await (const p of stream) pieces.push(p);
	return Buffer.concat(pieces);
};

async function readAndWrite(c) {
	await c.mailboxCreate(['Node', 'Moved']);
	const paths = (await c.list({ statusQuery: { messages: true, unseen: true } })).map((b) => b.path);
	assert.ok(paths.includes('INBOX') && paths.includes('Node/Moved'), `list: ${paths}`);

	for (let i = 0; i < 3; i++) {
		const done = await c.append('INBOX', message(`flow ${i}`), i === 0 ? ['\\Seen'] : []);
		assert.strictEqual(done.uid, i + 1, 'APPENDUID');
	}
	const lock = await c.getMailboxLock('INBOX');
	try {
		assert.strictEqual(c.mailbox.exists, 3);
		const seen = [];
		for await (const m of c.fetch('1:*', { uid: true, flags: true, envelope: true, bodyStructure: true, size: true, labels: true, threadId: true })) {
			assert.strictEqual(m.size, message(m.envelope.subject).length);
			assert.strictEqual(m.bodyStructure.childNodes.length, 2);
			assert.strictEqual(m.bodyStructure.childNodes[1].dispositionParameters.filename, 'a.bin');
			seen.push([m.uid, m.envelope.subject, m.flags.has('\\Seen')]);
		}
		assert.deepStrictEqual(seen, [[1, 'flow 0', true], [2, 'flow 1', false], [3, 'flow 2', false]]);

		const one = await c.fetchOne('2', { source: true, headers: ['subject'] }, { uid: true });
		assert.deepStrictEqual(one.source, message('flow 1'));
		assert.strictEqual(one.headers.toString().trim(), 'Subject: flow 1');
		const { meta, content } = await c.download('3', '2', { uid: true });
		assert.strictEqual(meta.filename, 'a.bin');
		assert.deepStrictEqual(await streamed(content), Buffer.from([0, 1, 2]));

		assert.deepStrictEqual(await c.search({ seen: false, subject: 'FLOW 1' }, { uid: true }), [2]);
		assert.deepStrictEqual(await c.search({ or: [{ uid: '1' }, { body: 'text of flow 2' }] }, { uid: true }), [1, 3]);
		assert.ok(await c.messageFlagsAdd('3', ['\\Flagged', 'custom'], { uid: true }));
		assert.deepStrictEqual(await c.search({ flagged: true, keyword: 'custom' }, { uid: true }), [3]);
		const moved = await c.messageMove('2', 'Node/Moved', { uid: true });
		assert.strictEqual(moved.uidMap.get(2), 1, 'COPYUID');
		assert.strictEqual((await c.status('Node/Moved', { messages: true })).messages, 1);
	} finally {
		lock.release();
	}
}

// idle: a second connection appends, the first is told.
async function pushed(c) {
	const lock = await c.getMailboxLock('INBOX');
	try {
		const told = new Promise((resolve) => c.once('exists', resolve));
		c.idle();
		const other = connect();
		await other.connect();
		await other.append('INBOX', message('while idling'));
		await other.logout();
		const event = await told;
		assert.strictEqual(event.path, 'INBOX');
		assert.strictEqual(event.count, 3);
	} finally {
		lock.release();
	}
}

async function main() {
	const c = connect();
	await c.connect();
	await readAndWrite(c);
	await pushed(c);
	await c.logout();

	const wrong = new ImapFlow({ host: 'localhost', port: Number(port), secure: true, auth: { user, pass: 'wrong' }, tls: { ca: fs.readFileSync(caFile) }, logger: false });
	await assert.rejects(wrong.connect(), (e) => e.authenticationFailed === true && e.serverResponseCode === 'AUTHENTICATIONFAILED');
	console.log('all done');
}

// A refused connection of imapflow stays open: so leave by hand.
setTimeout(() => {
	console.error('not done after 60 s');
	process.exit(1);
}, 60000);
main().then(
	() => process.exit(0),
	(e) => {
		console.error(e);
		process.exit(1);
	},
);
