//! Custom numeric formats: pictures of digits, literals and sections.

use super::digits::Digits;

/// What one pass over a section finds out.
struct Picture {
    digit_count: i32,
    point: i32,
    first_zero: i32,
    last_zero: i32,
    scientific: bool,
    grouped: bool,
    scale_adjust: i32,
}

/// The text of `number` in the picture `format`.
pub(super) fn format(mut number: Digits, format: &str) -> String {
    let format: Vec<char> = format.chars().collect();
    let wanted = if number.is_zero() { 2 } else { usize::from(number.negative) };
    let mut section = find_section(&format, wanted);
    let mut picture;
    loop {
        picture = Picture::read(&format[section..]);
        if number.is_zero() {
            break;
        }
        let mut shown = number.clone();
        shown.scale += picture.scale_adjust;
        let count =
            if picture.scientific { picture.digit_count } else { shown.scale + picture.digit_count - picture.point };
        shown.round(count);
        if shown.is_zero() {
            number = shown;
            let zero = find_section(&format, 2);
            if zero != section {
                section = zero;
                continue;
            }
        } else {
            number = shown;
        }
        break;
    }
    let text = picture.write(&number, &format[section..]);
    if number.negative && section == 0 && !text.is_empty() { format!("-{text}") } else { text }
}

/// Where the section for positive (0), negative (1) or zero (2) begins; 0 when there is none or it is empty.
fn find_section(format: &[char], mut section: usize) -> usize {
    let mut at = 0;
    while section > 0 {
        let Some(&ch) = format.get(at) else { return 0 };
        at += 1;
        match ch {
            '\'' | '"' => at = after_quoted(format, at, ch),
            '\\' => at += 1,
            ';' => {
                section -= 1;
                if section == 0 {
                    return if format.get(at).is_some_and(|&next| next != ';') { at } else { 0 };
                }
            }
            _ => {}
        }
    }
    0
}

fn after_quoted(format: &[char], at: usize, quote: char) -> usize {
    let rest = format.get(at..).unwrap_or_default();
    rest.iter().position(|&c| c == quote).map_or(format.len(), |length| at + length + 1)
}

/// The number of characters of the exponent after `E` at `at`: `0…`, `+0…` or `-0…`; 0 when there is none.
fn exponent_length(format: &[char], at: usize) -> usize {
    let signed = usize::from(matches!(format.get(at), Some('+' | '-')));
    let zeros = format.get(at + signed..).unwrap_or_default().iter().take_while(|&&c| c == '0').count();
    if zeros == 0 { 0 } else { signed + zeros }
}

impl Picture {
    fn read(format: &[char]) -> Self {
        let mut digit_count = 0;
        let (mut point, mut first_zero, mut last_zero) = (None, None, 0);
        let (mut scientific, mut grouped, mut scale_adjust) = (false, false, 0);
        let mut commas: Option<(i32, i32)> = None;
        let mut at = 0;
        while let Some(&ch) = format.get(at) {
            at += 1;
            match ch {
                ';' => break,
                '#' => digit_count += 1,
                '0' => {
                    first_zero.get_or_insert(digit_count);
                    digit_count += 1;
                    last_zero = digit_count;
                }
                '.' => {
                    point.get_or_insert(digit_count);
                }
                ',' if digit_count > 0 && point.is_none() => {
                    commas = match commas {
                        Some((position, count)) if position == digit_count => Some((position, count + 1)),
                        other => {
                            grouped |= other.is_some();
                            Some((digit_count, 1))
                        }
                    };
                }
                '%' => scale_adjust += 2,
                '‰' => scale_adjust += 3,
                '\'' | '"' => at = after_quoted(format, at, ch),
                '\\' => at += 1,
                'E' | 'e' => {
                    let length = exponent_length(format, at);
                    scientific |= length > 0;
                    at += length;
                }
                _ => {}
            }
        }
        let point = point.unwrap_or(digit_count);
        match commas {
            Some((position, count)) if position == point => scale_adjust -= count * 3,
            Some(_) => grouped = true,
            None => {}
        }
        let first_zero = first_zero.map_or(0, |first: i32| (point - first).max(0));
        let last_zero = (point - last_zero).min(0);
        Self { digit_count, point, first_zero, last_zero, scientific, grouped, scale_adjust }
    }

    fn write(&self, number: &Digits, format: &[char]) -> String {
        let mut out = Writer::new(self, number);
        let mut exponent_pending = self.scientific;
        let mut at = 0;
        while let Some(&ch) = format.get(at) {
            at += 1;
            if matches!(ch, '#' | '0' | '.') {
                out.leading_digits();
            }
            match ch {
                ';' => break,
                '#' | '0' => out.digit(),
                '.' => out.point(),
                ',' => {}
                '\'' | '"' => {
                    let end = after_quoted(format, at, ch);
                    let closed = end > at && format.get(end - 1) == Some(&ch);
                    out.text.extend(&format[at.min(end)..if closed { end - 1 } else { end }]);
                    at = end;
                }
                '\\' => {
                    out.text.extend(format.get(at));
                    at += 1;
                }
                'E' | 'e' => {
                    let length = exponent_length(format, at);
                    if exponent_pending && length > 0 {
                        out.exponent(ch, &format[at..at + length]);
                        exponent_pending = false;
                    } else {
                        out.text.push(ch);
                        out.text.extend(&format[at..at + length]);
                    }
                    at += length;
                }
                other => out.text.push(other),
            }
        }
        out.text
    }
}

/// Puts digits into a picture from left to right.
struct Writer<'a> {
    picture: &'a Picture,
    number: &'a Digits,
    text: String,
    /// Integer digits still to come, negative once past the point.
    position: i32,
    /// Integer digits beyond the picture's places when positive, places without a digit when negative.
    adjust: i32,
    next: i32,
    point_written: bool,
    separators: bool,
}

impl<'a> Writer<'a> {
    fn new(picture: &'a Picture, number: &'a Digits) -> Self {
        let (position, adjust) = if picture.scientific {
            (picture.point, 0)
        } else {
            (number.scale.max(picture.point), number.scale - picture.point)
        };
        Self {
            picture,
            number,
            text: String::new(),
            position,
            adjust,
            next: 0,
            point_written: false,
            separators: picture.grouped,
        }
    }

    fn has_digit(&self) -> bool {
        usize::try_from(self.next).is_ok_and(|next| next < self.number.digits.len())
    }

    fn leading_digits(&mut self) {
        while self.adjust > 0 {
            let digit = self.number.at(self.next);
            self.next += i32::from(self.has_digit());
            self.text.push(digit);
            self.separator();
            self.position -= 1;
            self.adjust -= 1;
        }
    }

    fn digit(&mut self) {
        let digit = if self.adjust < 0 {
            self.adjust += 1;
            (self.position <= self.picture.first_zero).then_some('0')
        } else if self.has_digit() {
            self.next += 1;
            Some(self.number.at(self.next - 1))
        } else {
            (self.position > self.picture.last_zero).then_some('0')
        };
        if let Some(digit) = digit {
            self.text.push(digit);
            self.separator();
        }
        self.position -= 1;
    }

    fn separator(&mut self) {
        if self.separators && self.position > 1 && (self.position - 1) % 3 == 0 {
            self.text.push(',');
        }
    }

    fn point(&mut self) {
        let wanted = self.picture.last_zero < 0 || (self.picture.point < self.picture.digit_count && self.has_digit());
        if self.position == 0 && !self.point_written && wanted {
            self.text.push('.');
            self.point_written = true;
        }
    }

    fn exponent(&mut self, letter: char, picture: &[char]) {
        let exponent = if self.number.is_zero() { 0 } else { self.number.scale - self.picture.point };
        let width = picture.iter().filter(|&&c| c == '0').count().min(10);
        self.text.push(letter);
        if exponent < 0 {
            self.text.push('-');
        } else if picture.first() == Some(&'+') {
            self.text.push('+');
        }
        self.text.push_str(&format!("{:0width$}", exponent.unsigned_abs()));
    }
}
