package track

import (
	"encoding/binary"
	"hash/crc32"
	"math"
	"time"

	"google.golang.org/protobuf/encoding/protowire"

	"sslkit/kit/rundir"
)

// The fields of the messages Event, SessionLog, Summary, Summary.Value, SummaryMetadata, PluginData
// and TensorProto that are written here, by their numbers in the definitions in tensorboard/compat/proto
// of TensorBoard 2.21: event.proto, summary.proto and tensor.proto.
const (
	eventWallTime    protowire.Number = 1
	eventStep        protowire.Number = 2
	eventFileVersion protowire.Number = 3
	eventSummary     protowire.Number = 5
	eventSessionLog  protowire.Number = 7

	sessionStatus protowire.Number = 1
	statusStart                    = 1

	summaryValue   protowire.Number = 1
	valueTag       protowire.Number = 1
	valueSimple    protowire.Number = 2
	valueTensor    protowire.Number = 8
	valueMetadata  protowire.Number = 9
	metadataPlugin protowire.Number = 1
	pluginName     protowire.Number = 1

	tensorDType  protowire.Number = 1
	tensorShape  protowire.Number = 2
	tensorString protowire.Number = 8
	dtypeString                   = 7
)

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// maskedCRC is the sum of an event file's records: a CRC-32C, rotated and shifted, since the sum of
// what holds sums itself would tell little.
func maskedCRC(content []byte) uint32 {
	sum := crc32.Checksum(content, castagnoli)
	return (sum>>15 | sum<<17) + 0xa282ead8
}

// record is an event as a record of an event file: its length in 8 bytes, little-endian, and their
// sum, the event, and its sum.
func record(event []byte) []byte {
	out := binary.LittleEndian.AppendUint64(nil, uint64(len(event)))
	out = binary.LittleEndian.AppendUint32(out, maskedCRC(out))
	out = append(out, event...)
	return binary.LittleEndian.AppendUint32(out, maskedCRC(event))
}

// event begins an Event.
func event(at time.Time, step int) []byte {
	out := protowire.AppendTag(nil, eventWallTime, protowire.Fixed64Type)
	out = protowire.AppendFixed64(out, math.Float64bits(float64(at.UnixNano())/1e9))
	if step != 0 {
		out = appendInt(out, eventStep, step)
	}
	return out
}

// fileVersion is the event that every file begins with.
func fileVersion(at time.Time) []byte {
	return appendBytes(event(at, 0), eventFileVersion, []byte("brain.Event:2"))
}

// sessionStart tells TensorBoard to forget what earlier files of the run held.
func sessionStart(at time.Time) []byte {
	return appendBytes(event(at, 0), eventSessionLog, appendInt(nil, sessionStatus, statusStart))
}

// scalars is the event of a line of the metrics; nil where it reports nothing.
func scalars(m rundir.Metrics, at time.Time) []byte {
	var summary []byte
	for _, scalar := range rundir.Scalars() {
		if value, ok := scalar.Of(m); ok {
			one := appendBytes(nil, valueTag, []byte(scalar.Name))
			one = protowire.AppendTag(one, valueSimple, protowire.Fixed32Type)
			one = protowire.AppendFixed32(one, math.Float32bits(float32(value)))
			summary = appendBytes(summary, summaryValue, one)
		}
	}
	if summary == nil {
		return nil
	}
	return appendBytes(event(at, m.Step), eventSummary, summary)
}

// recipeText is the recipe for the tab of texts, which are Markdown.
func recipeText(run Run) []byte {
	tensor := appendInt(nil, tensorDType, dtypeString)
	tensor = appendBytes(tensor, tensorShape, nil) // A scalar: it is shown as it is, and not as a table.
	tensor = appendBytes(tensor, tensorString, []byte("```\n"+string(run.Recipe)+"```\n"))
	value := appendBytes(nil, valueTag, []byte("recipe"))
	value = appendBytes(value, valueTensor, tensor)
	value = appendBytes(value, valueMetadata, appendBytes(nil, metadataPlugin, appendBytes(nil, pluginName, []byte("text"))))
	return appendBytes(event(run.Began, 0), eventSummary, appendBytes(nil, summaryValue, value))
}

func appendBytes(to []byte, field protowire.Number, content []byte) []byte {
	return protowire.AppendBytes(protowire.AppendTag(to, field, protowire.BytesType), content)
}

func appendInt(to []byte, field protowire.Number, value int) []byte {
	return protowire.AppendVarint(protowire.AppendTag(to, field, protowire.VarintType), uint64(value))
}
