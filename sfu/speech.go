package sfu

// listener is a Sink that wants to know whether somebody speaks.
type listener interface{ Speech(bool) }

// Values of Track.speech.
const (
	speechUnknown = iota
	speechOff
	speechOn
)

// SetSpeech notes whether somebody speaks and tells the subscribers.
func (t *Track) SetSpeech(on bool) {
	value := int32(speechOff)
	if on {
		value = speechOn
	}
	if t.speech.Swap(value) == value {
		return
	}
	for _, s := range *t.subs.Load() {
		if l, ok := s.(listener); ok {
			l.Speech(on)
		}
	}
}

// Speech reports whether somebody speaks; known is false before the first
// decision.
func (t *Track) Speech() (on, known bool) {
	v := t.speech.Load()
	return v == speechOn, v != speechUnknown
}

// Tick judges which variants of a simulcast track are active. Its publisher
// calls it a few times a second on the goroutine of Write, with the monotonic
// time of the packets' arrival.
func (t *Track) Tick(now int64) {
	for _, v := range t.variants {
		v.tick(now)
	}
}
