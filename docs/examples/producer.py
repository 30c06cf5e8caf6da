#!/usr/bin/env python3
"""Sends one request to the digits model over Kafka and prints the answer. Needs python3-kafka (pip: kafka-python)."""

import json
import sys
import uuid
from pathlib import Path

from kafka import KafkaConsumer, KafkaProducer, TopicPartition

broker = sys.argv[1] if len(sys.argv) > 1 else "localhost:9092"
request = (Path(__file__).parent / "seven.json").read_bytes()
correlation_id = uuid.uuid4().hex.encode()

replies = KafkaConsumer(bootstrap_servers=broker, consumer_timeout_ms=10_000)
partition = TopicPartition("penstock.replies.demo", 0)
replies.assign([partition])
replies.seek_to_end(partition)
replies.position(partition)  # fetched now, so that no later reply is missed

producer = KafkaProducer(bootstrap_servers=broker)
producer.send(
    "penstock.digits.requests",
    value=request,
    headers=[("correlation-id", correlation_id), ("reply-topic", b"penstock.replies.demo")],
)
producer.flush()

for reply in replies:
    headers = dict(reply.headers)
    if headers["correlation-id"] == correlation_id:
        print(headers["status"].decode(), json.loads(reply.value)["outputs"][0]["data"])
        break
else:
    sys.exit("no reply within 10 s")
