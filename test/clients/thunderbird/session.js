// One session of Thunderbird, run by thunderbird_test.go in the chrome context
// through Marionette. Its arguments are the port, the user and the password;
// its answer is {steps, error, …}: what was done, and what stopped it.
/* global ChromeUtils, Cc, Ci, arguments */
const [port, user, password, done] = arguments;
const { MailServices } = ChromeUtils.importESModule("resource:///modules/MailServices.sys.mjs");
const { setTimeout } = ChromeUtils.importESModule("resource://gre/modules/Timer.sys.mjs");

const report = { steps: [], error: null };
const step = (name) => report.steps.push(name);
const fail = (text) => {
  throw new Error(text);
};

// until asks again every 100 ms, for at most 30 s.
async function until(what, probe) {
  for (let i = 0; i < 300; i++) {
    const got = probe();
    if (got) {
      return got;
    }
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  return fail(`not within 30 s: ${what}`);
}

// within gives a promise a limit, so that the report names what hangs.
function within(what, promise) {
  const limit = new Promise((_, reject) => {
    setTimeout(() => reject(new Error(`not within 30 s: ${what}`)), 30000);
  });
  return Promise.race([promise, limit]);
}

// copied waits for a copy or move.
function copied(what, start) {
  return within(what, new Promise((resolve, reject) => {
    start({
      QueryInterface: ChromeUtils.generateQI(["nsIMsgCopyServiceListener"]),
      onStartCopy() {},
      onProgress() {},
      setMessageKey() {},
      getMessageId() {
        return null;
      },
      onStopCopy(status) {
        if (status === 0) {
          resolve();
        } else {
          reject(new Error(`${what}: status 0x${status.toString(16)}`));
        }
      },
    });
  }));
}

function child(root, name) {
  return root.subFolders.find((f) => f.name.toLowerCase() === name.toLowerCase());
}

// header waits for a message; it asks the server again every 3 s.
function header(folder, subject) {
  let asked = 0;
  return until(`${subject} in ${folder.name}`, () => {
    if (asked++ % 30 === 0) {
      folder.updateFolder(null);
    }
    return [...folder.messages].find((m) => m.mime2DecodedSubject === subject);
  });
}

function addAccount() {
  const server = MailServices.accounts.createIncomingServer(user, "localhost", "imap");
  server.port = port;
  server.socketType = Ci.nsMsgSocketType.SSL;
  server.authMethod = Ci.nsMsgAuthMethod.passwordCleartext;
  server.password = password;
  server.QueryInterface(Ci.nsIImapIncomingServer).deleteModel = Ci.nsMsgImapDeleteModels.MoveToTrash;
  const identity = MailServices.accounts.createIdentity();
  identity.email = user;
  identity.fullName = "Tester";
  const account = MailServices.accounts.createAccount();
  account.addIdentity(identity);
  account.incomingServer = server;
  MailServices.accounts.defaultAccount = account;
  return { server, identity, account };
}

// read streams a message as the reading pane would.
function read(folder, hdr) {
  const uri = folder.getUriForMsg(hdr);
  return new Promise((resolve, reject) => {
    let text = "";
    const listener = {
      QueryInterface: ChromeUtils.generateQI(["nsIStreamListener", "nsIRequestObserver"]),
      onStartRequest() {},
      onDataAvailable(_, stream, __, count) {
        const s = Cc["@mozilla.org/scriptableinputstream;1"].createInstance(Ci.nsIScriptableInputStream);
        s.init(stream);
        text += s.readBytes(count);
      },
      onStopRequest(_, status) {
        if (status === 0) {
          resolve(text);
        } else {
          reject(new Error(`reading: status 0x${status.toString(16)}`));
        }
      },
    };
    MailServices.messageServiceFromURI(uri).streamMessage(uri, listener, null, null, false, "", false);
  });
}

// saveDraft composes a message and saves it, as the compose window does.
function saveDraft(identity, account) {
  const fields = Cc["@mozilla.org/messengercompose/composefields;1"].createInstance(Ci.nsIMsgCompFields);
  fields.from = `Tester <${user}>`;
  fields.to = "reader@postern.test";
  fields.subject = "a draft of Thunderbird";
  fields.body = "Written, but not sent.\r\n";
  fields.forcePlainText = true;
  const send = Cc["@mozilla.org/messengercompose/send;1"].createInstance(Ci.nsIMsgSend);
  return new Promise((resolve, reject) => {
    const listener = {
      QueryInterface: ChromeUtils.generateQI(["nsIMsgSendListener", "nsIMsgCopyServiceListener"]),
      onStartSending() {},
      onSendProgress() {},
      onProgress() {},
      onStatus() {},
      onStopSending() {},
      onGetDraftFolderURI() {},
      onSendNotPerformed() {
        reject(new Error("saving a draft was not performed"));
      },
      onTransportSecurityError() {},
      onStartCopy() {},
      setMessageKey() {},
      getMessageId() {
        return null;
      },
      onStopCopy(status) {
        if (status === 0) {
          resolve();
        } else {
          reject(new Error(`saving a draft: status 0x${status.toString(16)}`));
        }
      },
    };
    const sent = send.createAndSendMessage(
      null, identity, account.key, fields, false, false, Ci.nsIMsgCompDeliverMode.SaveAsDraft,
      null, "text/plain", fields.body, null, null, listener, "", "", Ci.nsIMsgCompType.New,
    );
    if (sent && sent.catch) {
      sent.catch(reject);
    }
  });
}

async function session() {
  const { server, identity, account } = addAccount();
  step("account added");
  const root = server.rootFolder;
  server.performExpand(null);
  const inbox = await until("INBOX", () => root.getFolderWithFlags(Ci.nsMsgFolderFlags.Inbox));
  const target = await until("Projects", () => child(root, "Projects"));
  const drafts = await until("Drafts", () => child(root, "Drafts"));
  report.folders = root.descendants.map((f) => f.name);
  step("folders listed");

  const first = await header(inbox, "about the garden");
  const second = await header(inbox, "about the house");
  report.subjects = [...inbox.messages].map((m) => m.mime2DecodedSubject);
  step("messages listed");

  report.text = await within("reading", read(inbox, first));
  inbox.markMessagesRead([first], true);
  step("message read");
  inbox.markMessagesFlagged([first], true);
  step("message flagged");

  await copied("move", (l) => MailServices.copy.copyMessages(inbox, [second], target, true, l, null, false));
  await header(target, "about the house");
  step("message moved");

  identity.draftsFolderURI = drafts.URI;
  drafts.setFlag(Ci.nsMsgFolderFlags.Drafts);
  let refused = null;
  saveDraft(identity, account).catch((e) => (refused = e));
  await header(drafts, "a draft of Thunderbird").catch((e) => fail(refused || e));
  step("draft saved");
}

session().then(
  () => done(report),
  (e) => {
    report.error = `${e}\n${e.stack || ""}`;
    done(report);
  },
);
