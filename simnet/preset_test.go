package simnet

import (
	"errors"
	"strings"
	"testing"
	"time"
)

func TestPresets(t *testing.T) {
	for _, name := range PresetNames() {
		p, err := Preset(name)
		if err != nil {
			t.Fatal(err)
		}
		for _, dir := range []LinkConfig{p.Up, p.Down} {
			if err := dir.Validate(); err != nil {
				t.Errorf("%s: %v", name, err)
			}
			if name == "none" {
				continue
			}
			// A player's traffic: 60 datagrams of 200 bytes a second, a minute.
			l := mustLink(t, dir, 1)
			got := run(t, l, 3600, time.Second/60)
			if len(got) < 3400 {
				t.Errorf("%s: %d of 3600 arrived", name, len(got))
			}
			if first := time.Duration(got[0].at); first < dir.Delay {
				t.Errorf("%s: the first arrived after %v", name, first)
			}
		}
	}
}

func TestPresetNames(t *testing.T) {
	_, err := Preset("dial-up")
	var e *PresetError
	if !errors.As(err, &e) || e.Name != "dial-up" {
		t.Fatalf("got %v", err)
	}
	for _, name := range []string{"none", "lan", "wifi", "wifi-bad", "4g", "4g-driving", "satellite"} {
		if _, err := Preset(name); err != nil {
			t.Error(err)
		}
		if !strings.Contains(e.Error(), name) {
			t.Errorf("%q does not list %q", e, name)
		}
	}
}

func TestDrivingHasTwoTraces(t *testing.T) {
	a, b := LTE4GDriving(), LTE4GDriving()
	if a != b {
		t.Error("the preset changes from call to call")
	}
	if a.Up.Trace == a.Down.Trace || a.Up.Trace.BitsPerSecond() >= a.Down.Trace.BitsPerSecond() {
		t.Errorf("up is a %v, down a %v", a.Up.Trace, a.Down.Trace)
	}
}
