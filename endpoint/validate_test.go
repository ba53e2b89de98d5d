package endpoint

import (
	"errors"
	"fmt"
	"reflect"
	"slices"
	"testing"
	"time"

	"github.com/tickwire/tickwire/compress"
)

// wrongChannel has an illegal value for each field of ChannelConfig that can have one; the others
// take any value.
var wrongChannel = map[string]ChannelConfig{
	"ID":                        {ID: 16384},
	"Delivery":                  {ID: 1, Delivery: 5},
	"MaxMessageBytes":           {ID: 1, MaxMessageBytes: -1},
	"MaxQueuedBytes":            {ID: 1, MaxQueuedBytes: 100},
	"Full":                      {ID: 1, Full: DropNewest + 1},
	"Weight":                    {ID: 1, Weight: -1},
	"BytesPerSecond":            {ID: 1, BytesPerSecond: 1<<30 + 1},
	"Resend":                    {ID: 1, Resend: ResendPolicy{MaxAttempts: 3}},
	"Resend.MaxAttempts":        {ID: 1, Delivery: ReliableOrdered, Resend: ResendPolicy{MaxAttempts: -1}},
	"Repair":                    {ID: 1, Repair: RepairThrice + 1},
	"WindowBytes":               {ID: 1, WindowBytes: 100},
	"Compression":               {ID: 1, Compression: (*compress.Compressor)(nil)},
	"Inbound.BytesPerSecond":    {ID: 1, Inbound: ChannelLimits{BytesPerSecond: maxLimit + 1}},
	"Inbound.MessagesPerSecond": {ID: 1, Inbound: ChannelLimits{MessagesPerSecond: maxLimit + 1}},
}

var anyOfChannel = []string{"Name", "Priority", "Inbound"}

// wrongConfig is the same of Config.
var wrongConfig = map[string]Config{
	"Channels":                     {Channels: make([]ChannelConfig, 1025)},
	"AckHold":                      {AckHold: time.Second},
	"MaxDatagramBytes":             {MaxDatagramBytes: 575},
	"MaxHold":                      {MaxHold: time.Millisecond},
	"UnsentDraft":                  {UnsentDraft: DraftJoin + 1},
	"PacketOverheadBytes":          {PacketOverheadBytes: 1025},
	"MaxPaths":                     {MaxPaths: 9},
	"Path.Route":                   {Path: PathConfig{Route: NoRoute}},
	"Path.Use":                     {Path: PathConfig{Use: UseReserve + 1}},
	"Path.Weight":                  {Path: PathConfig{Weight: 256}},
	"Congestion.Kind":              {Congestion: CongestionConfig{Kind: CongestionOff + 1}},
	"Congestion.MinBytesPerSecond": {Congestion: CongestionConfig{MinBytesPerSecond: 2, MaxBytesPerSecond: 1}},
	"Congestion.MaxBytesPerSecond": {Congestion: CongestionConfig{MaxBytesPerSecond: maxRate + 1}},
	"Congestion.BytesPerSecond":    {Congestion: CongestionConfig{Kind: CongestionFixed}},
	"Schemas[0].Channel":           {Schemas: []Schema{{Channel: 7, Versions: []string{"text"}}}},
	"MinSchemaVersion":             {MinSchemaVersion: 1},
	"OpenedBytesPerSecond":         {OpenedBytesPerSecond: maxRate + 1},
	"Inbound.PacketsPerSecond":     {Inbound: Limits{PacketsPerSecond: leastPackets - 1}},
	"Inbound.BytesPerSecond":       {Inbound: Limits{BytesPerSecond: leastBytes - 1}},
	"Inbound.MessagesPerSecond":    {Inbound: Limits{MessagesPerSecond: maxLimit + 1}},
}

var anyOfConfig = []string{
	"Seed", "Instance", "Handshake", "DisableECN", "Trusted", "Timeout", "KeepFor", "MaxReceipts", "Controller", "Pool", "Buffers", "Inbound", "Path", "Congestion", "Schemas",
}

// named lists the fields that an error names, each with a way out.
func named(t *testing.T, err error) (fields []string) {
	t.Helper()
	if err == nil {
		return nil
	}
	for _, e := range err.(interface{ Unwrap() []error }).Unwrap() {
		var of *ConfigError
		if !errors.As(e, &of) || of.Want == "" || of.Error() != fmt.Sprintf("tickwire: %s is %v: want %s", of.Field, of.Value, of.Want) {
			t.Errorf("error %v", e)
		}
		fields = append(fields, of.Field)
	}
	return fields
}

// TestEveryFieldIsValidated gives each field an illegal value. A field that is new belongs into
// one of the tables.
func TestEveryFieldIsValidated(t *testing.T) {
	for field, ch := range wrongChannel {
		got := named(t, Config{Channels: []ChannelConfig{{ID: 2}, ch}}.Validate())
		if !slices.Equal(got, []string{"Channels[1]." + field}) {
			t.Errorf("Channels[1].%s: %v", field, got)
		}
	}
	for field, cfg := range wrongConfig {
		if got := named(t, cfg.Validate()); !slices.Contains(got, field) || field != "Channels" && len(got) != 1 {
			t.Errorf("%s: %v", field, got)
		}
	}
	allFields(t, reflect.TypeFor[ChannelConfig](), keys(wrongChannel), anyOfChannel)
	allFields(t, reflect.TypeFor[Config](), keys(wrongConfig), anyOfConfig)
}

func keys[T any](m map[string]T) (all []string) {
	for k := range m {
		all = append(all, k)
	}
	return all
}

// allFields wants each field of a type in one of two tables, in one of them only.
func allFields(t *testing.T, of reflect.Type, wrong, any []string) {
	t.Helper()
	for f := range of.NumField() {
		name := of.Field(f).Name
		if slices.Contains(wrong, name) == slices.Contains(any, name) {
			t.Errorf("%v.%s: is there an illegal value?", of, name)
		}
	}
}

// TestAllErrorsAtOnce: of one channel, too, everything is named.
func TestAllErrorsAtOnce(t *testing.T) {
	err := Config{
		AckHold: time.Hour, MaxDatagramBytes: 1, PacketOverheadBytes: 1 << 20, Inbound: Limits{1, 1, 1 << 30},
		Channels: []ChannelConfig{
			{ID: 0, Delivery: 9, MaxMessageBytes: -1, MaxQueuedBytes: -1, Full: 9, Weight: -1, WindowBytes: 1,
				Resend: ResendPolicy{MaxAttempts: -1}, Inbound: ChannelLimits{1 << 30, 1 << 30}},
			{ID: 7}, {ID: 7, Weight: 1 << 20},
		},
	}.Validate()
	want := []string{
		"AckHold", "MaxDatagramBytes", "PacketOverheadBytes",
		"Inbound.PacketsPerSecond", "Inbound.BytesPerSecond", "Inbound.MessagesPerSecond",
		"Channels[0].ID", "Channels[0].Delivery", "Channels[0].MaxMessageBytes", "Channels[0].MaxQueuedBytes",
		"Channels[0].Full", "Channels[0].Weight", "Channels[0].Resend.MaxAttempts", "Channels[0].WindowBytes",
		"Channels[0].Inbound.BytesPerSecond", "Channels[0].Inbound.MessagesPerSecond",
		"Channels[2].ID", "Channels[2].Weight",
	}
	if got := named(t, err); !slices.Equal(got, want) {
		t.Errorf("named are\n%v, want\n%v", got, want)
	}
}
