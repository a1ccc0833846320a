export { EmbeddedBroker, type EmbeddedBrokerOptions } from './embedded-broker.js';
export { lampConfig, mqttConfig, type LampConfig, type MqttConfig } from './mqtt-config.js';
export { MqttSink, type MqttSinkOptions } from './mqtt-sink.js';
export { topicsOf, type BoxHealth, type BoxState, type Topics } from './payloads.js';
