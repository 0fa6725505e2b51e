//! candle's quantised models as an engine (docs/protocol.md): `crossval … --candidate exec:crossval-candle`.
//!
//! candle hands out the logits of the last position and no tensors, so ids go in one by one, each on top of the cache. It
//! has no tokenizer for GGUF files that could be relied on: the other engine's ids are evaluated. One thread of ours
//! reads nothing while it computes, which the protocol allows; standard output is the protocol's alone.
use candle_core::{quantized::gguf_file, Device, Result, Tensor};
use candle_transformers::models::{quantized_gemma3, quantized_llama, quantized_qwen2, quantized_qwen3};
use serde_json::{json, Value};
use std::io::{self, Read, Write};

const HEADER: usize = 20;
const LARGEST_PAYLOAD: usize = 64 << 20;
const CONTEXT: usize = 2048;

/// Frame types of docs/protocol.md.
mod frame {
    pub const HELLO: u16 = 1;
    pub const EVALUATE: u16 = 5;
    pub const CANCEL: u16 = 7;
    pub const SHUTDOWN: u16 = 8;
    pub const READY: u16 = 129;
    pub const ROW: u16 = 133;
    pub const DONE: u16 = 135;
    pub const ERROR: u16 = 136;
}

enum Model {
    Llama(quantized_llama::ModelWeights),
    Gemma3(quantized_gemma3::ModelWeights),
    Qwen2(quantized_qwen2::ModelWeights),
    Qwen3(quantized_qwen3::ModelWeights),
}

impl Model {
    fn load(path: &str) -> Result<Self> {
        let mut file = std::fs::File::open(path)?;
        let content = gguf_file::Content::read(&mut file)?;
        let architecture = match content.metadata.get("general.architecture") {
            Some(value) => value.to_string()?.clone(),
            None => candle_core::bail!("{path} names no architecture"),
        };
        let device = &Device::Cpu;
        Ok(match architecture.as_str() {
            "llama" => Self::Llama(quantized_llama::ModelWeights::from_gguf(content, &mut file, device)?),
            "gemma3" => Self::Gemma3(quantized_gemma3::ModelWeights::from_gguf(content, &mut file, device)?),
            "qwen2" => Self::Qwen2(quantized_qwen2::ModelWeights::from_gguf(content, &mut file, device)?),
            "qwen3" => Self::Qwen3(quantized_qwen3::ModelWeights::from_gguf(content, &mut file, device)?),
            other => candle_core::bail!("this engine has llama, gemma3, qwen2 and qwen3, not {other}"),
        })
    }

    /// The logits behind `id` at `position`; position 0 starts over.
    fn step(&mut self, id: u32, position: usize) -> Result<Vec<f32>> {
        let x = Tensor::new(&[id], &Device::Cpu)?.unsqueeze(0)?;
        let logits = match self {
            Self::Llama(model) => model.forward(&x, position)?,
            Self::Gemma3(model) => model.forward(&x, position)?,
            Self::Qwen2(model) => model.forward(&x, position)?,
            Self::Qwen3(model) => model.forward(&x, position)?,
        };
        logits.flatten_all()?.to_vec1::<f32>()
    }
}

/// Frames out, without checksums.
struct Answers<W: Write>(W);

impl<W: Write> Answers<W> {
    fn send(&mut self, kind: u16, payload: &[u8]) -> io::Result<()> {
        let mut head = [0u8; HEADER];
        head[..4].copy_from_slice(b"XVAL");
        head[4..6].copy_from_slice(&2u16.to_le_bytes());
        head[6..8].copy_from_slice(&kind.to_le_bytes());
        head[8..12].copy_from_slice(&(payload.len() as u32).to_le_bytes());
        self.0.write_all(&head)?;
        self.0.write_all(payload)?;
        self.0.flush()
    }

    fn error(&mut self, kind: &str, what: &str) -> io::Result<()> {
        let text = json!({"kind": kind, "what": what}).to_string();
        self.send(frame::ERROR, text.as_bytes())
    }

    fn row(&mut self, position: usize, logits: &[f32]) -> io::Result<()> {
        let mut payload = Vec::with_capacity(4 + 4 * logits.len());
        payload.extend_from_slice(&(position as i32).to_le_bytes());
        for value in logits {
            payload.extend_from_slice(&value.to_le_bytes());
        }
        self.send(frame::ROW, &payload)
    }
}

/// A frame's type and payload; nothing when the other side is gone.
fn receive(input: &mut impl Read) -> io::Result<Option<(u16, Vec<u8>)>> {
    let mut head = [0u8; HEADER];
    match input.read_exact(&mut head) {
        Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => return Ok(None),
        other => other?,
    }
    let length = u32::from_le_bytes([head[8], head[9], head[10], head[11]]) as usize;
    if &head[..4] != b"XVAL" || length > LARGEST_PAYLOAD {
        return Err(io::Error::new(io::ErrorKind::InvalidData, "no frame"));
    }
    let mut payload = vec![0u8; length];
    input.read_exact(&mut payload)?;
    Ok(Some((u16::from_le_bytes([head[6], head[7]]), payload)))
}

struct Engine {
    model: Model,
    n_vocab: usize,
    evaluated: usize,
}

impl Engine {
    /// The width of a row is known from the first one.
    fn load(path: &str) -> Result<Self> {
        let mut model = Model::load(path)?;
        let n_vocab = model.step(0, 0)?.len();
        Ok(Self { model, n_vocab, evaluated: 0 })
    }

    fn ready(&self, path: &str) -> Value {
        json!({
            "identity": {"name": "candle", "version": "0.11.1"},
            "settings": {"model_path": path, "n_vocab": self.n_vocab, "n_ctx": CONTEXT, "threads": 1,
                         "kv_type_k": "f32", "kv_type_v": "f32"},
            "capabilities": {"all_logits": true, "decode": true}
        })
    }

    /// Payload: i32 first; u32 rows (0 all, 1 the last); i32 per id.
    fn evaluate<W: Write>(&mut self, payload: &[u8], answers: &mut Answers<W>) -> io::Result<()> {
        let words: Vec<i32> =
            payload.chunks_exact(4).map(|word| i32::from_le_bytes([word[0], word[1], word[2], word[3]])).collect();
        if payload.len() % 4 != 0 || words.len() < 3 {
            return answers.error("usage", "no ids");
        }
        let (first, last_alone, ids) = (words[0] as usize, words[1] == 1, &words[2..]);
        if first != 0 && first != self.evaluated {
            return answers.error("usage", "positions in between are missing");
        }
        if first + ids.len() > CONTEXT || ids.iter().any(|&id| id < 0 || id as usize >= self.n_vocab) {
            return answers.error("usage", "an id is not in the vocabulary, or there are too many");
        }
        for (i, &id) in ids.iter().enumerate() {
            let logits = match self.model.step(id as u32, first + i) {
                Ok(logits) => logits,
                Err(error) => return answers.error("failed", &error.to_string()),
            };
            if !last_alone || i + 1 == ids.len() {
                answers.row(first + i, &logits)?;
            }
        }
        self.evaluated = first + ids.len();
        answers.send(frame::DONE, &[0])
    }
}

/// The model's path; an error where a setting is not known.
fn model_of(hello: &[u8]) -> std::result::Result<String, String> {
    let hello: Value = serde_json::from_slice(hello).map_err(|error| error.to_string())?;
    let speaks = hello["versions"].as_array().is_some_and(|all| all.iter().any(|version| version == 2));
    if !speaks {
        return Err("this engine speaks version 2 of the engine protocol".into());
    }
    let known = ["model", "kv", "threads", "n_ctx", "n_batch", "tokens_only"];
    let settings = hello["settings"].as_object().ok_or("no settings")?;
    match settings.keys().find(|key| !known.contains(&key.as_str())) {
        Some(key) => Err(format!("the setting {key} is not known")),
        None => Ok(settings.get("model").and_then(Value::as_str).unwrap_or_default().to_string()),
    }
}

fn main() -> io::Result<()> {
    let mut input = io::stdin().lock();
    let mut answers = Answers(io::stdout().lock());
    let mut engine = None;
    while let Some((kind, payload)) = receive(&mut input)? {
        match (kind, &mut engine) {
            (frame::HELLO, _) => {
                let path = match model_of(&payload) {
                    Ok(path) => path,
                    Err(what) => return answers.error("usage", &what),
                };
                match Engine::load(&path) {
                    Ok(loaded) => {
                        answers.send(frame::READY, loaded.ready(&path).to_string().as_bytes())?;
                        engine = Some(loaded);
                    }
                    Err(error) => return answers.error("input", &error.to_string()),
                }
            }
            (frame::EVALUATE, Some(engine)) => engine.evaluate(&payload, &mut answers)?,
            (frame::CANCEL, _) => {}
            (frame::SHUTDOWN, _) => return Ok(()),
            _ => answers.error("usage", "this engine answers evaluate alone")?,
        }
    }
    Ok(())
}
