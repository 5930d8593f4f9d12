# mail_imapclient.pl does with Mail::IMAPClient, which imapsync and many
# scripts are built on, what such scripts do. It dies at the first thing that
# is not as it should be.
use strict;
use warnings;
use Mail::IMAPClient;

my ($port, $ca, $user, $password) = @ARGV;

sub check {
    my ($ok, $what, $imap) = @_;
    die "$what: " . ($imap ? $imap->LastError // '' : '') . "\n" unless $ok;
}

my $imap = Mail::IMAPClient->new(
    Server => 'localhost', Port => $port, User => $user, Password => $password, Uid => 1,
    Ssl => [ SSL_ca_file => $ca, SSL_verifycn_name => 'localhost' ],
) or die "sign in: $@\n";
check($imap->has_capability('UIDPLUS'), 'UIDPLUS is offered');
check($imap->separator eq '/', 'the separator');

for my $name ('Perl', 'Perl/in side', 'Perl/&AOk-') {
    check($imap->create($name),    "create $name",    $imap);
    check($imap->subscribe($name), "subscribe $name", $imap);
}
my @names = grep { /^Perl/ } $imap->folders;
check(@names == 3, "three folders, not @names");
check((grep { $_ eq 'Perl/in side' } $imap->subscribed), 'the subscription');

# What imapsync does: append with flags and date, and find it again by header.
my $text = "From: perl\@example.com\r\nSubject: perl 1\r\nMessage-ID: <perl-1\@example.com>\r\n\r\nbody\r\n";
my $uid = $imap->append_string('Perl', $text, '\\Seen $Forwarded', '01-Jan-2020 10:00:00 +0100');
check($uid, 'append', $imap);
check($imap->append_string('Perl', "Subject: perl 2\r\n\r\nbody\r\n"), 'append 2', $imap);
check($imap->select('Perl'), 'select', $imap);
check($imap->message_count == 2 && $imap->unseen_count == 1, 'two messages, one unseen');
check(join(',', $imap->search('HEADER', 'Message-ID', \'<perl-1@example.com>')) eq $uid, 'search by header');
check($imap->internaldate($uid) =~ /^ ?0?1-Jan-2020 10:00:00 \+0100$/, 'the date is kept');
my @flags = sort grep { $_ ne '\\Recent' } $imap->flags($uid);
check("@flags" eq '$Forwarded \\Seen', 'the flags are kept');
check($imap->message_string($uid) eq $text, 'the bytes are kept');
check($imap->size($uid) == length $text, 'the size');
check($imap->get_envelope($uid)->subject eq 'perl 1', 'the envelope');
check(uc $imap->get_bodystructure($uid)->bodytype eq 'TEXT', 'the structure');
my $all = $imap->fetch_hash('FLAGS', 'RFC822.SIZE', 'INTERNALDATE');
check(keys %$all == 2, 'fetch_hash');

check($imap->copy('Perl/in side', $uid), 'copy', $imap);
check($imap->move('Perl/&AOk-', $uid), 'move', $imap);
check($imap->expunge, 'expunge', $imap);
check($imap->message_count('Perl') == 1, 'one message is left');
check($imap->idle && $imap->done, 'idle', $imap);
check($imap->rename('Perl/in side', 'Perl/moved'), 'rename', $imap);
check($imap->unsubscribe('Perl/in side'), 'unsubscribe', $imap);
check($imap->delete('Perl/&AOk-'), 'delete', $imap);
check($imap->logout, 'logout', $imap);
print "all done\n";
