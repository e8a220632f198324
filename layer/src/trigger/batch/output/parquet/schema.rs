//! The columns of the file: those of CSV, with a list where CSV has JSON.

use parquet::errors::Result;
use parquet::schema::parser::parse_message_type;
use parquet::schema::types::TypePtr;
use std::sync::Arc;

/// In the order in which [`Columns`](super::columns::Columns) writes them.
const SCHEMA: &str = "
    message photo {
        REQUIRED BYTE_ARRAY path (STRING);
        OPTIONAL BYTE_ARRAY path_base64 (STRING);
        OPTIONAL BYTE_ARRAY model (STRING);
        OPTIONAL BYTE_ARRAY label (STRING);
        OPTIONAL DOUBLE probability;
        OPTIONAL GROUP predictions (LIST) {
            REPEATED GROUP list {
                REQUIRED GROUP element {
                    REQUIRED BYTE_ARRAY label (STRING);
                    REQUIRED INT32 index (INTEGER(32, false));
                    REQUIRED DOUBLE probability;
                }
            }
        }
        OPTIONAL BYTE_ARRAY answer (JSON);
        OPTIONAL BYTE_ARRAY notice (STRING);
        OPTIONAL BYTE_ARRAY message (STRING);
        REQUIRED BOOLEAN unsure;
        OPTIONAL BYTE_ARRAY error (STRING);
    }";

/// The schema of every file.
///
/// # Errors
/// None, as long as the text above is a schema.
pub(super) fn schema() -> Result<TypePtr> {
    parse_message_type(SCHEMA).map(Arc::new)
}

#[cfg(test)]
mod tests {
    use super::super::super::table::COLUMNS;

    #[test]
    fn the_columns_are_those_of_a_table() {
        let schema = super::schema().unwrap();
        let names: Vec<_> = schema.get_fields().iter().map(|field| field.name()).collect();
        assert_eq!(names, COLUMNS);
    }
}
