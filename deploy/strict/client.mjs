// A strict member: matrix-js-sdk with Rust crypto that neither trusts nor tells devices their owner has not signed (MSC4153).
// One JSON command a line on standard input, one JSON answer a line on standard output; nothing else is printed there.
import { createInterface } from "node:readline"
import "fake-indexeddb/auto"

const say = (value) => process.stdout.write(JSON.stringify(value) + "\n")
for (const name of ["log", "info", "debug", "warn", "error", "trace"]) console[name] = () => {}

const sdk = await import("matrix-js-sdk")
const { OnlySignedDevicesIsolationMode } = await import("matrix-js-sdk/lib/crypto-api/index.js")
const { logger } = await import("matrix-js-sdk/lib/logger.js")
logger.setLevel?.("silent", false)

let client
const seen = new Map()
const redacted = new Set()

async function note(event) {
  // What is on its way has an id of this program only; it comes again under its real one.
  if (event.getType() === "m.room.redaction" || event.getId().startsWith("~")) return
  if (event.isRedacted()) redacted.add(event.getId())
  const failed = event.isDecryptionFailure()
  if (!failed && event.getType() !== "m.room.message") return
  const info = event.isEncrypted() && !failed ? await client.getCrypto().getEncryptionInfoForEvent(event) : null
  seen.set(event.getId(), {
    room: event.getRoomId(),
    event: event.getId(),
    sender: event.getSender(),
    text: failed ? null : (event.getContent().body ?? ""),
    encrypted: event.isEncrypted(),
    shield: info ? info.shieldColour : null,
  })
}

// The rooms whose joining this client knows of, with what its encryption knows and what the room's state says.
async function inside() {
  const found = []
  for (const room of client.getRooms()) {
    const state = room.currentState
    if (room.getMyMembership() !== "join" || !state.getStateEvents("m.room.create", "")) continue
    const encrypted = await client.getCrypto().isEncryptionEnabledInRoom(room.roomId)
    found.push({ room: room.roomId, encrypted, declared: state.getStateEvents("m.room.encryption", "") !== null })
  }
  return found
}

async function shown(event) {
  await client.decryptEventIfNeeded(event)
  return event.isDecryptionFailure() || event.getType() !== "m.room.message" ? null : (event.getContent().body ?? "")
}

const commands = {
  async start({ baseUrl, userId, deviceId, accessToken, password }) {
    client = sdk.createClient({ baseUrl, userId, deviceId, accessToken, verificationMethods: [] })
    await client.initRustCrypto({ useIndexedDB: false })
    const crypto = client.getCrypto()
    await crypto.bootstrapCrossSigning({
      setupNewCrossSigning: true,
      authUploadDeviceSigningKeys: (make) => make({ type: "m.login.password", identifier: { type: "m.id.user", user: userId }, password }),
    })
    crypto.setDeviceIsolationMode(new OnlySignedDevicesIsolationMode())
    client.on(sdk.RoomEvent.Timeline, (event) => void note(event))
    client.on(sdk.RoomEvent.LocalEchoUpdated, (event) => void note(event))
    client.on(sdk.MatrixEventEvent.Decrypted, (event) => void note(event))
    client.on(sdk.RoomEvent.Redaction, (event) => redacted.add(event.event.redacts ?? event.getAssociatedId()))
    await client.startClient({ initialSyncLimit: 50 })
    await new Promise((done) => client.once(sdk.ClientEvent.Sync, done))
    return {}
  },
  async invites() {
    return client.getRooms().filter((room) => room.getMyMembership() === "invite").map((room) => room.roomId)
  },
  async join({ room }) {
    await client.joinRoom(room)
    return {}
  },
  async leave({ room }) {
    await client.leave(room)
    return {}
  },
  async invite({ room, user }) {
    // As people do it in their app: it also tells the other one the room's old keys, as far as the room's settings allow that.
    await client.invite(room, user)
    return {}
  },
  async remove({ room, user }) {
    await client.kick(room, user)
    return {}
  },
  async people({ room }) {
    return client.getRoom(room).getJoinedMembers().map((member) => member.userId)
  },
  async back({ room }) {
    // To the beginning, or to where the homeserver shows no more.
    const found = client.getRoom(room)
    while (found.oldState.paginationToken !== null) await client.scrollback(found, 100)
    const events = found.getLiveTimeline().getEvents().filter((event) => event.isEncrypted())
    for (const event of events) await shown(event)
    return events.map((event) => event.getId())
  },
  async open({ raw }) {
    // Whatever way it came here: what the keys of this device make of it, null when they do not open it.
    return shown(new sdk.MatrixEvent(raw))
  },
  async say({ room, text }) {
    return (await client.sendTextMessage(room, text)).event_id
  },
  async react({ room, event, key }) {
    const content = { "m.relates_to": { rel_type: "m.annotation", event_id: event, key } }
    return (await client.sendEvent(room, "m.reaction", content)).event_id
  },
  async redact({ room, event }) {
    return (await client.redactEvent(room, event)).event_id
  },
  async seen() {
    return { messages: [...seen.values()], redacted: [...redacted] }
  },
  async joined() {
    return (await inside()).filter((one) => one.encrypted).map((one) => one.room)
  },
  async inside() {
    return (await inside()).filter((one) => one.encrypted === one.declared).map((one) => one.room)
  },
}

say({ ready: true })
for await (const line of createInterface({ input: process.stdin })) {
  const { command, ...rest } = JSON.parse(line)
  try {
    say({ answer: await commands[command](rest) })
  } catch (error) {
    say({ error: String(error?.message ?? error) })
  }
}
client?.stopClient()
process.exit(0)
