//! The line with which a text answer says that the picture may show none of the things that its model knows.

/// In English.
pub const ENGLISH: &str = "(unsure: this may be none of the things that the model knows)";

/// In Chinese.
pub const CHINESE: &str = "（不确定：图中可能不是模型认识的任何一种东西）";

/// Whether a line of an answer is this one, and no label.
pub fn is_hint(line: &str) -> bool {
    [ENGLISH, CHINESE].contains(&line)
}
