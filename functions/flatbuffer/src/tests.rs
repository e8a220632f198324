use flatbuffers::{FlatBufferBuilder, WIPOffset};
use proptest::prelude::*;

use super::*;

/// A root table: a number in field 0, nothing in 1, a text in 2, numbers in 3, a table with a number in 4, two such
/// tables in 5.
fn sample() -> Vec<u8> {
    let mut builder = FlatBufferBuilder::new();
    let text = builder.create_string("label");
    let numbers = builder.create_vector(&[1.5_f32, -2.0]);
    let inner = |builder: &mut FlatBufferBuilder<'_>, number: i64| {
        let start = builder.start_table();
        builder.push_slot_always(4, number);
        builder.end_table(start)
    };
    let [one, two, three] = [1, 2, 3].map(|number| inner(&mut builder, number));
    let tables = builder.create_vector(&[two, three]);
    let start = builder.start_table();
    builder.push_slot_always(4, 7_u16);
    builder.push_slot_always(8, text);
    builder.push_slot_always(10, numbers);
    builder.push_slot_always(12, one);
    builder.push_slot_always(14, tables);
    let root = builder.end_table(start);
    builder.finish(WIPOffset::<()>::new(root.value()), Some("TEST"));
    builder.finished_data().to_vec()
}

#[test]
fn fields_are_read_by_number() {
    let bytes = sample();
    let buffer = Buffer::new(&bytes);
    assert_eq!(buffer.identifier(), Some(*b"TEST"));
    let root = buffer.root().unwrap();
    assert_eq!(root.number::<u16>(0), Ok(Some(7)));
    assert_eq!(root.numbers::<u8>(2).unwrap().as_bytes(), b"label");
    let numbers: Result<Vec<f32>, _> = root.numbers::<f32>(3).unwrap().iter_numbers().collect();
    assert_eq!(numbers, Ok(vec![1.5, -2.0]));
    assert_eq!(root.table(4).unwrap().unwrap().number::<i64>(0), Ok(Some(1)));
    let tables = root.tables(5).unwrap();
    let inner: Vec<_> = tables.iter_tables().map(|table| table.unwrap().number::<i64>(0).unwrap()).collect();
    assert_eq!((tables.len(), inner), (2, vec![Some(2), Some(3)]));
}

#[test]
fn fields_that_are_not_there_have_their_default() {
    let bytes = sample();
    let root = Buffer::new(&bytes).root().unwrap();
    for number in [1, 6, 70_000] {
        assert_eq!(root.number::<u64>(number), Ok(None));
        assert!(root.table(number).unwrap().is_none());
        assert!(root.tables(number).unwrap().is_empty());
    }
}

#[test]
fn what_leads_out_of_the_buffer_is_named() {
    for bytes in [&[][..], &[0; 3]] {
        let error = Buffer::new(bytes).root().unwrap_err();
        assert_eq!(error, Outside { at: 0, length: bytes.len() });
    }
    let error = Buffer::new(&[255; 8]).root().unwrap_err();
    assert_eq!(error.to_string(), format!("what stands at byte {} leads out of its 8 bytes", u32::MAX));
    // A number is wider than the room that its table has.
    let bytes = sample();
    assert!(Buffer::new(&bytes).root().unwrap().number::<u64>(0).is_err());
}

/// Reads all there is, as the sample has it.
fn read_all(bytes: &[u8]) -> Read<usize> {
    let root = Buffer::new(bytes).root()?;
    let mut read = usize::from(root.number::<u16>(0)?.unwrap_or(0));
    read += root.numbers::<u8>(2)?.as_bytes().len();
    for number in root.numbers::<f32>(3)?.iter_numbers::<f32>() {
        number?;
        read += 1;
    }
    for table in root.table(4)?.into_iter().map(Ok).chain(root.tables(5)?.iter_tables()) {
        table?.number::<i64>(0)?;
        read += 1;
    }
    Ok(read)
}

#[test]
fn no_part_of_a_buffer_is_enough() {
    let bytes = sample();
    assert!(read_all(&bytes).is_ok());
    let shortened = (0..bytes.len() - 8).filter(|&length| read_all(&bytes[..length]).is_ok());
    assert_eq!(shortened.collect::<Vec<_>>(), Vec::<usize>::new());
}

proptest! {
    #[test]
    fn a_damaged_buffer_is_read_or_refused(
        changes in proptest::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..9),
    ) {
        let mut bytes = sample();
        for (place, value) in changes {
            let place = place.index(bytes.len());
            bytes[place] = value;
        }
        if let Err(Outside { length, .. }) = read_all(&bytes) {
            prop_assert_eq!(length, bytes.len());
        }
    }
}
