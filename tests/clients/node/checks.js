// The list of checks with kafkajs: old protocol versions, CreateTopics sent to the controller, its own group code.
// Usage: node checks.js BOOTSTRAP CHECK... ; one JSON line per check.

const assert = require('node:assert/strict')
const crypto = require('node:crypto')
const { Kafka, CompressionTypes, CompressionCodecs, ConfigResourceTypes, logLevel } = require('kafkajs')
CompressionCodecs[CompressionTypes.Snappy] = require('kafkajs-snappy')

const DEADLINE = 30000
const PARTITIONS = 6

class Lab {
  constructor(bootstrap, check) {
    this.kafka = new Kafka({ brokers: [bootstrap], logLevel: logLevel.NOTHING, retry: { retries: 2 } })
    this.bootstrap = bootstrap
    this.prefix = `kafkajs-${check.replaceAll('_', '-')}-${crypto.randomUUID().slice(0, 8)}`
    this.open = []
  }

  name(suffix) {
    return `${this.prefix}-${suffix}`
  }

  async connected(client, stop = () => client.disconnect()) {
    await client.connect()
    this.open.push(stop)
    return client
  }

  async admin() {
    return (this.theAdmin ??= await this.connected(this.kafka.admin()))
  }

  producer(config = {}) {
    return this.connected(this.kafka.producer({ allowAutoTopicCreation: true, ...config }))
  }

  async topic(numPartitions = 1, configs = {}, suffix = 't') {
    const topic = this.name(suffix)
    const configEntries = Object.entries(configs).map(([name, value]) => ({ name, value }))
    await (await this.admin()).createTopics({ topics: [{ topic, numPartitions, configEntries }], waitForLeaders: true })
    return topic
  }

  // A running group member; `seen` fills with what it is given.
  async member(topic, groupId = this.name('reader'), config = {}, run = {}) {
    const consumer = this.kafka.consumer({
      groupId, sessionTimeout: 10000, heartbeatInterval: 500, rebalanceTimeout: 10000, maxWaitTimeInMs: 100, ...config,
    })
    const member = { consumer, seen: [], assignment: [] }
    consumer.on(consumer.events.GROUP_JOIN, e => (member.assignment = e.payload.memberAssignment[topic] ?? []))
    member.stop = async () => consumer.disconnect()
    await this.connected(consumer, member.stop)
    await consumer.subscribe({ topics: [topic], fromBeginning: true })
    await consumer.run({ eachMessage: async ({ partition, message }) => member.seen.push({ partition, ...message }), ...run })
    return member
  }

  async read(topic, count, config) {
    const member = await this.member(topic, this.name(`reader-${crypto.randomUUID()}`), config)
    await until(`read ${count} records`, () => member.seen.length >= count)
    await member.stop()
    assert.equal(member.seen.length, count)
    return member.seen
  }

  async fill(topic, count, partition = 0) {
    const messages = Array.from({ length: count }, (_, i) => ({ partition, value: `${i}` }))
    await (await this.producer()).send({ topic, messages })
  }

  async close() {
    for (const stop of this.open.reverse()) await stop()
  }
}

async function until(what, condition) {
  const deadline = Date.now() + DEADLINE
  while (!(await condition())) {
    if (Date.now() > deadline) throw new Error(`timed out: ${what}`)
    await new Promise(resolve => setTimeout(resolve, 20))
  }
}

const refused = type => error => (error.type ?? error.errors?.[0]?.type) === type

const checks = {
  async round_trip(lab) {
    const topic = await lab.topic(3)
    const now = Date.now() - 1000
    const sent = Array.from({ length: 300 }, (_, i) => ({
      partition: i % 3,
      timestamp: String(now + i),
      key: i % 5 === 0 ? null : `key-${i}`,
      value: i % 11 === 0 ? null : i % 13 === 0 ? '' : `value-${i}`,
      headers: i % 2 === 0 ? { a: `a${i}`, twice: [`b${i}`, `c${i}`], empty: '' } : {},
    }))
    const [ack] = await (await lab.producer()).send({ topic, messages: sent, acks: -1 })
    assert.equal(ack.errorCode, 0)
    const text = bytes => bytes && bytes.toString()
    for (const got of await lab.read(topic, sent.length)) {
      const want = sent[Number(got.offset) * 3 + got.partition]
      assert.deepEqual([text(got.key), text(got.value), got.timestamp], [want.key, want.value, want.timestamp])
      const headers = Object.fromEntries(
        Object.entries(got.headers).map(([k, v]) => [k, Array.isArray(v) ? v.map(text) : text(v)]))
      assert.deepEqual(headers, want.headers)
    }
  },

  codec_none: lab => codec(lab, CompressionTypes.None),
  codec_gzip: lab => codec(lab, CompressionTypes.GZIP),
  codec_snappy: lab => codec(lab, CompressionTypes.Snappy),

  async idempotent_order(lab) {
    const topic = await lab.topic(4)
    const producer = await lab.producer({ idempotent: true, maxInFlightRequests: 1 })
    for (let batch = 0; batch < 50; batch++) {
      const messages = Array.from({ length: 80 }, (_, i) => ({ key: `k${i % 8}`, value: `${batch * 10 + Math.floor(i / 8)}` }))
      await producer.send({ topic, messages })
    }
    const next = {}
    for (const { key, value } of await lab.read(topic, 4000)) {
      assert.equal(Number(value), next[key] ?? 0)
      next[key] = Number(value) + 1
    }
  },

  async acks_levels(lab) {
    const topic = await lab.topic()
    const producer = await lab.producer()
    const messages = Array.from({ length: 50 }, () => ({ value: 'v' }))
    for (const acks of [0, 1, -1]) await producer.send({ topic, messages, acks })
    await lab.read(topic, 150)
  },

  async large_message(lab) {
    const topic = await lab.topic()
    const wide = await lab.topic(1, { 'max.message.bytes': '4000000' }, 'wide')
    const producer = await lab.producer()
    const large = crypto.randomBytes(3000000)
    await producer.send({ topic, messages: [{ value: large.subarray(0, 1000000) }] })
    await assert.rejects(producer.send({ topic, messages: [{ value: large }] }), refused('MESSAGE_TOO_LARGE'))
    await producer.send({ topic: wide, messages: [{ value: large }] })
    assert(large.equals((await lab.read(wide, 1))[0].value))
    await lab.read(topic, 1)
  },

  async auto_create(lab) {
    const topic = lab.name('auto')
    await (await lab.producer({ retry: { retries: 8 } })).send({ topic, messages: [{ value: 'first' }] })
    assert.equal(String((await lab.read(topic, 1))[0].value), 'first')
  },

  async small_fetches(lab) {
    const topic = await lab.topic(2)
    const messages = Array.from({ length: 100 }, (_, i) => ({ partition: i % 2, value: Buffer.alloc(2000) }))
    await (await lab.producer()).send({ topic, messages })
    await lab.read(topic, 100, { maxBytes: 2000, maxBytesPerPartition: 1000 })
  },

  async group_eager(lab) {
    const topic = await lab.topic(PARTITIONS)
    const group = lab.name('g')
    const members = []
    const shares = wanted => until(`shares ${wanted}`, () => {
      const all = new Set(members.flatMap(m => m.assignment))
      return all.size === PARTITIONS && members.every((m, i) => m.assignment.length === wanted[i])
    })
    for (const wanted of [[6], [3, 3], [2, 2, 2]]) {
      members.push(await lab.member(topic, group))
      await shares(wanted)
    }
    await members.splice(1, 1)[0].stop()
    await shares([3, 3])
    for (let partition = 0; partition < PARTITIONS; partition++) await lab.fill(topic, 10, partition)
    await until('all records read once', () => members.flatMap(m => m.seen).length === 60)
  },

  async commit_resume(lab) {
    const topic = await lab.topic()
    const group = lab.name('g')
    await lab.fill(topic, 100)
    const first = await lab.member(topic, group, {}, { autoCommit: false })
    await until('first records', () => first.seen.length > 0)
    await first.consumer.commitOffsets([{ topic, partition: 0, offset: '40', metadata: 'half way, über ☃' }])
    await first.stop()
    const admin = await lab.admin()
    const [{ partitions: [committed] }] = await admin.fetchOffsets({ groupId: group, topics: [topic] })
    assert.deepEqual(committed, { partition: 0, offset: '40', metadata: 'half way, über ☃' })
    const second = await lab.member(topic, group)
    await until('the rest', () => second.seen.length === 60)
    assert.equal(second.seen[0].offset, '40')
  },

  async seek(lab) {
    const topic = await lab.topic()
    const base = Date.now() - 10000
    const messages = Array.from({ length: 100 }, (_, i) => ({ partition: 0, timestamp: String(base + i * 10), value: `${i}` }))
    await (await lab.producer()).send({ topic, messages })
    const admin = await lab.admin()
    assert.deepEqual(await admin.fetchTopicOffsetsByTimestamp(topic, base + 455), [{ partition: 0, offset: '46' }])
    assert.deepEqual(await admin.fetchTopicOffsets(topic), [{ partition: 0, offset: '100', high: '100', low: '0' }])
    const member = await lab.member(topic)
    await until('everything', () => member.seen.length === 100)
    member.seen.length = 0
    member.consumer.seek({ topic, partition: 0, offset: '70' })
    await until('the end again', () => member.seen.length >= 30)
    assert.equal(member.seen.at(-30).offset, '70')
  },

  async delete_records(lab) {
    const topic = await lab.topic()
    await lab.fill(topic, 100)
    const admin = await lab.admin()
    await admin.fetchTopicOffsets(topic) // deleteTopicRecords looks for leaders among topics the client already knows
    await admin.deleteTopicRecords({ topic, partitions: [{ partition: 0, offset: '60' }] })
    assert.equal((await admin.fetchTopicOffsets(topic))[0].low, '60')
    assert.equal((await lab.read(topic, 40))[0].offset, '60')
  },

  async read_committed(lab) {
    const topic = await lab.topic()
    await lab.fill(topic, 100)
    await lab.read(topic, 100, { readUncommitted: false })
  },

  async admin_topics(lab) {
    const topic = await lab.topic(3)
    const admin = await lab.admin()
    assert.equal(await admin.createTopics({ topics: [{ topic }] }), false)
    const create = options => admin.createTopics({ topics: [{ ...options }] })
    await assert.rejects(create({ topic: 'no spaces allowed' }), refused('INVALID_TOPIC_EXCEPTION'))
    await assert.rejects(create({ topic: lab.name('rf'), replicationFactor: 9 }), refused('INVALID_REPLICATION_FACTOR'))
    assert((await admin.listTopics()).includes(topic))
    const described = await admin.fetchTopicMetadata({ topics: [topic] })
    assert.equal(described.topics[0].partitions.length, 3)
    await admin.deleteTopics({ topics: [topic] })
    await until('gone', async () => !(await admin.listTopics()).includes(topic))
    await assert.rejects(admin.deleteTopics({ topics: [topic] }), error => error.cause.type === 'UNKNOWN_TOPIC_OR_PARTITION')
  },

  async admin_partitions(lab) {
    const topic = await lab.topic(2)
    const admin = await lab.admin()
    await admin.createPartitions({ topicPartitions: [{ topic, count: 5 }] })
    const count = async () => (await admin.fetchTopicMetadata({ topics: [topic] })).topics[0].partitions.length
    await until('five partitions', async () => (await count()) === 5)
    await assert.rejects(admin.createPartitions({ topicPartitions: [{ topic, count: 3 }] }), refused('INVALID_PARTITIONS'))
  },

  async admin_configs(lab) {
    const topic = await lab.topic()
    const admin = await lab.admin()
    const resource = { type: ConfigResourceTypes.TOPIC, name: topic }
    const value = async name => {
      const { resources } = await admin.describeConfigs({ includeSynonyms: true, resources: [{ ...resource, configNames: [name] }] })
      return resources[0].configEntries.find(e => e.configName === name).configValue
    }
    const alter = (name, value) => admin.alterConfigs({ validateOnly: false, resources: [{ ...resource, configEntries: [{ name, value }] }] })
    await alter('retention.ms', '7200000')
    await until('value set', async () => (await value('retention.ms')) === '7200000')
    await assert.rejects(alter('retention.ms', 'soon'), refused('INVALID_CONFIG'))
  },

  async admin_groups(lab) {
    const topic = await lab.topic(2)
    const group = lab.name('g')
    await lab.fill(topic, 10)
    const member = await lab.member(topic, group)
    await until('read', () => member.seen.length === 10)
    const admin = await lab.admin()
    const { groups: [described] } = await admin.describeGroups([group])
    assert.deepEqual([described.state, described.members.length], ['Stable', 1])
    assert((await admin.listGroups()).groups.some(g => g.groupId === group))
    await assert.rejects(admin.deleteGroups([group]), error => error.groups[0].error.type === 'NON_EMPTY_GROUP')
    await member.stop()
    await until('empty', async () => (await admin.describeGroups([group])).groups[0].state === 'Empty')
    await admin.deleteGroups([group])
    assert(!(await admin.listGroups()).groups.some(g => g.groupId === group))
  },

  async admin_offsets(lab) {
    const topic = await lab.topic(1)
    const groupId = lab.name('g')
    await lab.fill(topic, 10)
    const admin = await lab.admin()
    await admin.setOffsets({ groupId, topic, partitions: [{ partition: 0, offset: '7' }] })
    const member = await lab.member(topic, groupId)
    await until('the rest', () => member.seen.length === 3)
    assert.equal(member.seen[0].offset, '7')
  },

  async describe_cluster(lab) {
    const { brokers, controller, clusterId } = await (await lab.admin()).describeCluster()
    assert(clusterId)
    assert.deepEqual(brokers.map(b => `${b.host}:${b.port}`), [lab.bootstrap])
    assert.equal(controller, brokers[0].nodeId)
  },
}

async function codec(lab, compression) {
  const topic = await lab.topic()
  const messages = Array.from({ length: 500 }, (_, i) => ({ value: Buffer.concat([Buffer.alloc(i, 'x'), crypto.randomBytes(i)]) }))
  await (await lab.producer()).send({ topic, messages, compression })
  const got = await lab.read(topic, messages.length)
  got.forEach((m, i) => assert(m.value.equals(messages[i].value)))
}

async function main([bootstrap, ...names]) {
  for (const check of names) {
    const start = Date.now()
    const lab = new Lab(bootstrap, check)
    let error = null
    try {
      await checks[check](lab)
    } catch (e) {
      console.error(e)
      error = `${e.name}: ${e.message}`
      process.exitCode = 1
    } finally {
      await lab.close()
    }
    console.log(JSON.stringify({ check, ok: error === null, seconds: (Date.now() - start) / 1000, error }))
  }
  process.exit()
}

main(process.argv.slice(2))
